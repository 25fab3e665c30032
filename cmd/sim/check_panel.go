package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"os"

	"stockproof/checks"
	"stockproof/checks/linear"
	"stockproof/sim/page"
)

// undrawn says why there is no picture of what is not linearizable.
func undrawn(r checks.Report) string {
	switch {
	case !r.Claimed:
		return "linearizable is not claimed, so nobody asked (--claims linearizable does)"
	case r.NotChecked:
		return "linearizable is not checked: " + r.Why
	case r.Verdict == checks.Pass:
		return "linearizable holds: no operations contradict each other"
	case r.Verdict == checks.Undecided:
		return "linearizable is undecided: " + r.Why
	}
	return "what is not linearizable is in the ledger alone, of which no client was told"
}

// writePanel writes porcupine's page about what is not linearizable to a file, and says what the file holds. Where it
// cannot be drawn, the page holds the operations as text and why; where there is nothing to draw, no file is written.
func writePanel(w io.Writer, file string, c judgement) error {
	var drawn bytes.Buffer
	err := c.explain(&drawn)
	text := page.Dress(drawn.Bytes())
	said := "porcupine's page about the operations that contradict each other: " + file
	switch {
	case errors.Is(err, checks.ErrNoPanel):
		fmt.Fprintf(w, "%10s %s is not written: %s\n", "", file, undrawn(c.linearizable()))
		return nil
	case linear.IsText(err):
		said = fmt.Sprintf("%v: %s", err, file)
		text = fmt.Appendf(nil, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">"+
			"<title>sim check</title>\n<p>%s\n<pre>\n%s</pre>\n</html>\n", html.EscapeString(err.Error()), html.EscapeString(drawn.String()))
	case err != nil:
		return fmt.Errorf("draw what is not linearizable: %w", err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return usage{fmt.Errorf("--html: %w", err)}
	}
	fmt.Fprintf(w, "%10s %s\n", "", said)
	return nil
}
