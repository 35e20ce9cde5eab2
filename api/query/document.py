"""The vocabulary as a document: made of the table that queries are checked against."""

from api.limits import (
    MAX_QUERY_JSON_ROWS,
    MAX_QUERY_JSON_VALUES,
    MAX_QUERY_ROWS,
    MAX_QUERY_VALUES,
)
from api.query.schemas import EXAMPLES, MAX_SYMBOLS
from api.query.service import DEFAULT_JSON_ROWS, TIMEOUT_S
from pricing_engine.quant.items import MAX_WINDOW, Item, Parameter
from pricing_engine.quant.plan import MAX_COLUMNS
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY

RULES = {
    "columns": "A column is the name of a field, the name of an operation (with its defaults), or an"
    " object {op, name, of, show, parameters}. `of` is a field, an earlier column, or an operation with"
    " its defaults; of an operation with several columns it is name.column, as bollinger.upper.",
    "rows": "Rows are buckets that open in [start, end), in the order of time, then of the symbols. The"
    " bucket that still grows is among them: end at its opening to leave it out.",
    "windows": "Windows and periods count rows of the symbol, as the grid says, and of pairs the times"
    " that any of the symbols has. On the grid `own` a return spans the hole before it; on `union` and"
    " `full` it is null there, unless the hole is filled.",
    "before the start": "What windows need before `start` is read too, where it is there, so that the"
    " first row is right already. Recursive averages (ewma, rsi, atr) begin 20 windows before, which"
    " leaves 2e-9 of where they began; on `union` and `full` they count the grid's rows, of which a symbol"
    " that has a value in one of n keeps e^(-20 / n): fill the holes, or take the grid `own`, where"
    " symbols keep unlike hours. Drawdown without a window, and beta, correlation and covariance"
    " without one, begin at `start`.",
    "nulls": "A value that is not known is null: never 0, never NaN or infinite.",
    "holding": "`last` and `flat` hold prices for `max_age`, and `age_s` says how old they are. Nothing"
    " is held unless it is asked for.",
    "calendar": "Days, weeks and months begin by the clock of `timezone`: days of a clock change have 23"
    " or 25 hours and are one bucket.",
    "annualising": "A year has 252 days of stocks (6.5 hours each), 260 of FX and 365 of crypto (24 hours"
    " each); 52 weeks (crypto 365/7), 12 months. Days of FX that are made of ticks are six a week, as"
    " trading begins on Sunday evening, by UTC as by New York: give `periods_per_year` 312 for them.",
    "pairs": "Without a benchmark, correlation and covariance are of every pair of symbols: layout"
    " `pairs` has a row for each time and pair (time, symbol, other), `matrix` one for each time and"
    " symbol with a column for every symbol. Without a window too, there is one matrix, at the last time.",
    "paging": "A limit parts no time. What it left out begins at next_start: in meta.pagination of JSON,"
    " in the header X-Next-Start, and in the metadata of Arrow and Parquet. An answer with a drawdown,"
    " beta, correlation or covariance without a window is never cut, as these would begin anew on each"
    " page: where the limit (in JSON there always is one) has no room for it, it is refused as"
    " RANGE_TOO_LARGE. Pages of anything else equal the whole, recursive averages but for what they leave"
    " of where they began.",
    "numbers": "Everything is computed in float64. No feed classes mix: all is of the one that is served.",
}

BOUNDS = {
    "symbols": MAX_SYMBOLS,
    "columns": MAX_COLUMNS,
    "window": MAX_WINDOW,
    "rows": MAX_QUERY_ROWS,
    "values": MAX_QUERY_VALUES,
    "json_rows": MAX_QUERY_JSON_ROWS,
    "json_rows_unless_said": DEFAULT_JSON_ROWS,
    "json_values": MAX_QUERY_JSON_VALUES,
    "seconds": int(TIMEOUT_S),
}


def document() -> dict[str, object]:
    """Fields, operations with their parameters, rules, bounds and examples."""
    fields = [
        {"name": each.name, "meaning": each.meaning, "unit": each.unit} for each in FIELDS.values()
    ]
    return {
        "fields": fields,
        "operations": [_operation(each) for each in VOCABULARY.values()],
        "rules": RULES,
        "bounds": BOUNDS,
        "examples": EXAMPLES,
    }


def _operation(item: Item) -> dict[str, object]:
    return {
        "name": item.name,
        "meaning": item.meaning,
        "formula": item.formula,
        "nulls": item.nulls,
        "unit": item.unit,
        "reference": item.reference,
        "needs": list(item.needs),
        "columns": list(item.outputs),
        "parameters": [_parameter(each) for each in item.parameters],
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "type": parameter.kind.value,
        "meaning": parameter.meaning,
        "required": parameter.required,
        "default": parameter.default,
        "allowed": parameter.allowed(),
    }
