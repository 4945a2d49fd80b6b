"""What the pre-check and the compiler found, as text for people."""

from datetime import date

from governance.decisions import Decision, Denial
from governance.requests.compile import Compiled
from governance.requests.precheck import PrecheckReport, VariableReport


def say_precheck(report: PrecheckReport, missing: Decision, today: date) -> str:
    """The report, variable by variable; every refusal with its clause and remedy."""
    sound = (report.decision & missing).permitted
    verdict = "Nothing speaks against it" if sound else "Not as it stands"
    lines = [f"{verdict}, on {today}.", ""]
    for dataset in report.datasets:
        lines.append(f"{dataset.dataset}: {_terms(dataset.agreement, dataset.agreement_ends_on)}")
        lines += [_variable(v) for v in report.variables if v.dataset == dataset.dataset]
        if dataset.minimum_cell_count is not None:
            lines.append(
                f"  Disclosure: counts under {dataset.minimum_cell_count} and statistics over "
                f"fewer than {dataset.minimum_denominator} people are suppressed. "
                f"[{dataset.clause}]"
            )
    if report.output is not None:
        share = report.output.dominance_pct
        dominance = "" if share is None else f"; one holder's share of a sum at most {share} %"
        lines += [
            "",
            (
                f"Outputs keep to the strictest rule: no count under "
                f"{report.output.minimum_cell_count}, no statistic over fewer than "
                f"{report.output.minimum_denominator} people{dominance}. [{report.output.clause}]"
            ),
        ]
    lines += _listed("Persons who may not have a dataset:", [b.denial for b in report.bars])
    if report.notes:
        lines += ["", "For the reviewers:", *(f"- {n.text} [{n.clause}]" for n in report.notes)]
    lines += _listed("Missing from the form:", list(missing.denials))
    lines += _listed("What refuses it:", list(report.decision.denials))
    return "\n".join(lines)


def say_compiled(compiled: Compiled) -> str:
    """Why there is no bundle, or whom it leaves out."""
    if compiled.bundle is None:
        lines = ["No grant can be compiled:", *_denials(list(compiled.decision.denials))]
    else:
        bundle = compiled.bundle
        lines = [
            (
                f"Grant of {bundle.project}, version {bundle.version}, from "
                f"{bundle.granted_from} to {bundle.granted_until}, for {len(bundle.people)} "
                "person(s). Not signed."
            )
        ]
    for person in compiled.left_out:
        lines += [f"Left out: {person.name}", *_denials(list(person.denials))]
    return "\n".join(lines)


def _terms(agreement: str, ends_on: date | None) -> str:
    return f"agreement {agreement}, until {ends_on}" if agreement else "no agreement in force"


def _variable(variable: VariableReport) -> str:
    facts = ["covered" if variable.covered else "not covered"]
    facts.append("purpose permitted" if variable.purpose_allowed else "purpose not permitted")
    if variable.treatment:
        facts.append(f"lands as: {variable.treatment}")
    if variable.sensitive:
        facts.append("SENSITIVE")
    if variable.approvals:
        facts.append(f"approved by: {' and '.join(variable.approvals)}")
    mark = "no " if variable.denials else "yes"
    return f"  {mark} {variable.variable}: {'; '.join(facts)}"


def _listed(title: str, denials: list[Denial]) -> list[str]:
    return ["", title, *_denials(denials)] if denials else []


def _denials(denials: list[Denial]) -> list[str]:
    return [f"- {d.reason} {d.remedy} [{d.clause}]" for d in denials]
