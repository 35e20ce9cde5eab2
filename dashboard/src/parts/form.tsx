/** A form: its fields, what is wrong with each, what is wrong at all, and the button that sends it. */

import { useSignal } from "@preact/signals";
import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useId, useRef } from "preact/hooks";
import { waitInWords } from "../lib/problems";
import { useStore } from "../store/context";
import type { Submission } from "../store/submission";

export type Values = Readonly<Record<string, string>>;

const SubmissionContext = createContext<Submission | undefined>(undefined);

interface FormProps {
  submission: Submission;
  /** Does what the form is for; what it throws is told in the form. */
  act: (values: Values, form: HTMLFormElement) => Promise<unknown>;
  submit: string;
  tone?: "danger" | undefined;
  label?: string;
  /** Beside the button. */
  beside?: ComponentChildren;
  children?: ComponentChildren;
}

export function Form({ submission, act, submit, tone, label, beside, children }: FormProps) {
  const onSubmit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const faults = faultsOf(form);
    if (faults) submission.refuse(faults);
    else await submission.run(() => act(valuesOf(form), form));
    if (submission.problem.peek()) requestAnimationFrame(() => invalidField(form)?.focus());
  };
  return (
    <SubmissionContext.Provider value={submission}>
      <form class="form" method="post" noValidate aria-label={label} onSubmit={(event) => void onSubmit(event)}>
        {children}
        <Told submission={submission} />
        <div class="form__row">
          <Send submission={submission} label={submit} tone={tone} />
          {beside}
        </div>
      </form>
    </SubmissionContext.Provider>
  );
}

/** What is wrong, said aloud as it comes up. */
export function Told({ submission }: { submission: Submission }) {
  const problem = submission.problem.value;
  return (
    <p class="form__problem" role="alert">
      {problem?.message && `${problem.message} `}
      {problem?.untilMs != null && <Wait untilMs={problem.untilMs} />}
    </p>
  );
}

function Wait({ untilMs }: { untilMs: number }) {
  const words = waitInWords(untilMs - useStore().market.now.value);
  // The countdown is for the eye: read aloud each second it would drown everything else.
  return <span aria-live="off">{words && `${words}.`}</span>;
}

interface SendProps {
  submission: Submission;
  label: string;
  tone?: "danger" | undefined;
}

function Send({ submission, label, tone }: SendProps) {
  const untilMs = submission.problem.value?.untilMs ?? 0;
  const waits = untilMs > useStore().market.now.value;
  return (
    <button
      type="submit"
      class={tone ? `button button--${tone}` : "button"}
      aria-disabled={waits || submission.busy.value}
      aria-busy={submission.busy.value}
    >
      {label}
    </button>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type?: "text" | "email" | "tel";
  autocomplete: string;
  value?: string;
  hint?: string;
  optional?: boolean;
  inputMode?: "numeric" | "email" | "tel" | "text";
  maxLength?: number;
  pattern?: string;
  autofocus?: boolean;
}

export function Field(props: FieldProps) {
  return <Labelled {...props} type={props.type ?? "text"} />;
}

/** A password, that can be looked at. */
export function PasswordField(props: Omit<FieldProps, "type">) {
  const shown = useSignal(false);
  return (
    <Labelled {...props} type={shown.value ? "text" : "password"}>
      <button
        type="button"
        class="field__show"
        aria-pressed={shown.value}
        aria-label={`Show: ${props.label}`}
        onClick={() => (shown.value = !shown.value)}
      >
        {shown.value ? "Hide" : "Show"}
      </button>
    </Labelled>
  );
}

interface LabelledProps extends Omit<FieldProps, "type"> {
  type: "text" | "email" | "tel" | "password";
  children?: ComponentChildren;
}

function Labelled(props: LabelledProps) {
  const { name, label, type, hint, optional, value, autofocus, children, ...rest } = props;
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const fault = useContext(SubmissionContext)?.problem.value?.fields[name];
  useEffect(() => {
    if (autofocus) input.current?.focus();
  }, []);
  const describedBy = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label} {optional && <span class="field__optional">optional</span>}
      </label>
      <div class="field__box">
        <input
          {...rest}
          {...({ type } as { type: "text" })}
          ref={input}
          id={id}
          class="field__input"
          name={name}
          defaultValue={value}
          required={!optional}
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={fault !== undefined}
          aria-describedby={describedBy || undefined}
        />
        {children}
      </div>
      <p class="field__fault" id={`${id}-fault`} role="alert">
        {fault}
      </p>
      {hint && (
        <p class="field__hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** For password managers: whose password this is. Nobody sees it. */
export function Username({ email }: { email: string }) {
  return <input class="hidden" type="text" name="username" autocomplete="username" value={email} readOnly tabIndex={-1} aria-hidden="true" />;
}

function valuesOf(form: HTMLFormElement): Values {
  const entries = [...new FormData(form)].filter(([name]) => name !== "username");
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** What the browser itself finds wrong, by field. */
function faultsOf(form: HTMLFormElement): Record<string, string> | null {
  const inputs = [...form.elements].filter((one) => one instanceof HTMLInputElement);
  const faults = inputs.filter((one) => !one.validity.valid).map((one) => [one.name, one.validationMessage]);
  return faults.length > 0 ? Object.fromEntries(faults) : null;
}

function invalidField(form: HTMLFormElement): HTMLElement | null {
  return form.querySelector("[aria-invalid='true']");
}
