"""`make preview`: the documents in a browser, made anew after each save.

    python -m scripts.report.preview [--port 4562]

`changes` sees a save. If only text changed, `rendering` makes the documents again, each edition in
a process of its own (`workers`) that remembers what it made; else `building` runs the steps up to
what the documents show, first. `board` holds the last good editions and what is wrong, `server`
shows them. What `make report` verified, report/build, is only read.
"""
