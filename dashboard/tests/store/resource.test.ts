import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import { Resource } from "../../src/store/resource";

describe("Resource", () => {
  it("keeps what was ready when a later fetch fails", async () => {
    const answers = [Promise.resolve(1), Promise.reject(new Error("gone"))];
    const resource = new Resource(() => answers.shift() as Promise<number>);
    await resource.load();
    await resource.load();
    expect(resource.fetched.value).toEqual({ status: "ready", value: 1 });
  });

  it("tells what is missing from what failed", async () => {
    const resource = new Resource(() => Promise.reject(new ApiError(404, "not_found", "No such symbol.")));
    await resource.load();
    expect(resource.fetched.value).toEqual({ status: "failed", message: "No such symbol.", missing: true });
  });

  it("drops the answer that a newer request overtook", async () => {
    const resolves: ((value: number) => void)[] = [];
    const resource = new Resource<number>(() => new Promise((resolve) => resolves.push(resolve)));
    const [first, second] = [resource.load(), resource.load()];
    resolves[1]?.(2);
    resolves[0]?.(1);
    await Promise.all([first, second]);
    expect(resource.fetched.value).toEqual({ status: "ready", value: 2 });
  });
});
