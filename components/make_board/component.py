"""The pipeline component of the step `make_board`."""

from kfp import dsl


@dsl.component(base_image="storywright-serve", install_kfp_package=False)
def make_board(
    config: dict,
    brief: dict,
    boards: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    """Make the candidate boards of one brief with the models that are deployed."""
    from storywright.files import digest_of
    from storywright.steps.contract import call_task

    call_task(
        "make_board",
        config | {"brief": brief},
        {},
        {"boards": boards, "metrics": metrics},
        part=f"{brief['title']} {digest_of(brief)[:6]}",
    )
