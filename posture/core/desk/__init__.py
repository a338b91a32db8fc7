"""The underwriter's desk: what is said about a case after its assessment, as an append-only history.

`events` is what is kept, `state` where the history leaves the case, `rules` what may be added. Nothing
here moves a score or a price: a version of a quote holds the model's decision beside what is offered.
"""
