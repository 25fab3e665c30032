package main

import (
	"context"
	"fmt"
	"io"

	"stockproof/checks"
	"stockproof/sim"
	"stockproof/sim/engine"
	"stockproof/sim/explore"
	"stockproof/sim/timeline"
)

// picture is one run of the core tier, drawn.
type picture struct {
	outcome  sim.Outcome
	timeline *timeline.Timeline
	about    checks.Guarantee // the one that it is to show broken; 0, and where it holds: the first that is
}

// maxPictureRows is how long a run may be and still be drawn.
const maxPictureRows = 80

// draw runs a simulation and takes down its timeline. A run is one step of the program, which a signal does not
// wait for: the run is left to itself, and the program ends.
func draw(ctx context.Context, c sim.SimulationConfig) (*picture, error) {
	var p *picture
	drawn := make(chan error, 1)
	go func() {
		var err error
		p, err = drawWhole(c)
		drawn <- err
	}()
	select {
	case err := <-drawn:
		return p, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func drawWhole(c sim.SimulationConfig) (*picture, error) {
	e := engine.New(engine.Options{})
	defer e.Close()
	if c.Judges == nil {
		c.Judges = checks.Triangulation{}.Judges()
	}
	s, err := sim.NewSimulation(e, c)
	if err != nil {
		return nil, err
	}
	p := &picture{timeline: timeline.New(s)}
	p.outcome, err = s.Run()
	return p, err
}

// result is what the run came to. What the step limit cut short may break safety, and proves nothing else.
func (p *picture) result() checks.Result {
	if !p.outcome.Cut || len(p.outcome.Disagreements) > 0 {
		return p.outcome.Result
	}
	if _, violated := explore.Violated(p.outcome); violated {
		return checks.Worst(p.outcome.Result)
	}
	return checks.UndecidedResult
}

// broken is the report on the claimed guarantee that failed, the first or the one that the picture is about; the zero
// report if none did.
func (p *picture) broken() checks.Report {
	g, failed := explore.Violated(p.outcome, p.about)
	if !failed {
		g, _ = explore.Violated(p.outcome)
	}
	for _, r := range p.outcome.Reports {
		if r.Claimed && r.Verdict == checks.Fail && r.Guarantee == g {
			return r
		}
	}
	return checks.Report{}
}

// verdict is the line that says what came of the run.
func (p *picture) verdict() string {
	if r := p.broken(); r.Verdict == checks.Fail {
		return fmt.Sprintf("%-10s %s: %s", p.result(), r.Guarantee, r.Why)
	}
	s := p.outcome.Summary
	text := fmt.Sprintf("%-10s %s, %s: %s granted, %s rejected, %s cancelled; %s absorbed, %s", p.result(),
		count(s.Orders, "order"), count(s.Lines, "line"), thousands(int64(s.Granted)), thousands(int64(s.Rejected)), thousands(int64(s.Cancelled)),
		count(int(p.outcome.Duplicates), "duplicate"), count(int(p.outcome.DeadLetters), "dead letter"))
	if p.outcome.Cut {
		text += fmt.Sprintf("\n%10s not complete: the step limit ended the run after %s", "", count(p.outcome.Steps, "step"))
	}
	return text
}

// draw writes the timeline, the lanes where it went wrong, and why.
func (p *picture) draw(w io.Writer) {
	r := p.broken()
	if n := len(p.timeline.Rows); n > maxPictureRows {
		fmt.Fprintf(w, "%10s %s: too long to draw\n", "", count(n, "step")+" that matter")
	} else {
		fmt.Fprint(w, p.timeline.Text(timeline.Width, r))
	}
	fmt.Fprintf(w, "\n%s", p.timeline.LaneText(p.outcome, r))
	if r.Verdict == checks.Fail {
		fmt.Fprintf(w, "%10s why: %s\n", "", r.Why)
	}
}

// details are the guarantees by verdict, the faults, and what went wrong with processes.
func (p *picture) details(w io.Writer) {
	o := p.outcome
	v := sorted(o.Reports)
	guaranteeLine(w, "pass", v.passed, false)
	guaranteeLine(w, "FAIL", v.failed, false)
	guaranteeLine(w, "UNDECIDED", v.undecided, true)
	guaranteeLine(w, "not checked", v.notChecked, true)
	guaranteeLine(w, "not claimed", v.notClaimed, false)
	for _, l := range o.KnownLimits {
		fmt.Fprintf(w, "%10s known limit: %s\n", "", l)
	}
	disagreements(w, o.Disagreements)
	struck(w, o.Receipts, o.Missing, o.Failures)
	fmt.Fprintf(w, "%10s %s, digest %x\n", "", count(o.Steps, "step"), o.Digest)
}
