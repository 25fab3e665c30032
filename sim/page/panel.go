package page

import (
	"bytes"
	_ "embed" // what porcupine's page is dressed in
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"strings"

	"stockproof/checks"
	"stockproof/checks/linear"
	"stockproof/model"
	"stockproof/sim/timeline"
)

var (
	//go:embed panel.css
	panelCSS string
	//go:embed panel.js
	panelJS string
)

// panel is porcupine's picture of the operations of one lane.
type panel struct {
	Title string
	Frame template.HTMLAttr // a whole page, as srcdoc; empty: nothing could be drawn
	Why   string            // that is so
	Text  string            // the operations in its place, if there are any
}

// Dress makes porcupine's page one that can be read in dark too, and that the keyboard reaches. What is no page of
// porcupine's stays as it is.
func Dress(porcupine []byte) []byte {
	porcupine = bytes.Replace(porcupine, []byte("</head>"), []byte("<style>\n"+panelCSS+"</style>\n</head>"), 1)
	if end := bytes.LastIndex(porcupine, []byte("</script>")); end >= 0 { // behind its own script, whose data it reads
		script := []byte("\n" + panelJS)
		porcupine = append(porcupine[:end:end], append(script, porcupine[end:]...)...)
	}
	return porcupine
}

// panelOf draws what the page is about: the failing slice of the ledger where the design's claim to be linearizable is broken,
// or else the answers of a lane that no order explains, or else those of the lane that the verdict is about.
func panelOf(r Run, ops []checks.Operation, a answers) *panel {
	if len(ops) == 0 {
		return nil
	}
	for _, report := range r.Outcome.Reports {
		if report.Guarantee != checks.Linearizable || report.Verdict != checks.Fail || r.Outcome.Explain == nil {
			continue
		}
		if p := drawn("The operations that contradict each other", r.Outcome.Explain); p != nil {
			return p
		}
	}
	lane, title := ops[0].Command.Lane(), "An order of lane %s that explains every answer"
	for _, k := range a.keys {
		if l, ok := accusedLane(r); ok && k.SKU == l.SKU {
			lane = k
		}
	}
	for i, l := range a.Lanes {
		if l.Verdict == checks.Fail.String() {
			lane, title = a.keys[i], "Lane %s: how far every order comes"
			break
		}
	}
	return drawn(fmt.Sprintf(title, timeline.LaneName(lane)), func(w io.Writer) error {
		return checks.DrawBare(w, ops, lane, checks.BareOptions{Names: r.Timeline.Names()})
	})
}

// accusedLane is the lane that the verdict is about.
func accusedLane(r Run) (model.LaneKey, bool) {
	for _, e := range r.Accused.Evidence {
		if e.Lane != (model.LaneKey{}) {
			return e.Lane, true
		}
	}
	return model.LaneKey{}, false
}

// drawn is what draw writes; nil: there is nothing that could be drawn.
func drawn(title string, draw func(io.Writer) error) *panel {
	var b bytes.Buffer
	err := draw(&b)
	switch {
	case err == nil:
		page := html.EscapeString(string(Dress(b.Bytes()))) // a template takes the tags out of an attribute
		return &panel{Title: title, Frame: template.HTMLAttr(`srcdoc="` + page + `"`)}
	case errors.Is(err, checks.ErrNoPanel):
		return nil
	case linear.IsText(err):
		return &panel{Title: title, Why: err.Error(), Text: strings.TrimSpace(b.String())}
	}
	return &panel{Title: title, Why: "porcupine could not draw it: " + err.Error()}
}
