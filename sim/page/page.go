package page

import (
	"cmp"
	_ "embed" // the template and what it contains
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"stockproof/checks"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/timeline"
)

// Page is what a page shows.
type Page struct {
	File    string // of the schedule, as the command line named it
	Design  string // that it ran under
	Command string // runs it again
	Run     Run
	// Original is the run before shrinking; nil where nobody recorded it.
	Original *Run
}

// Run is one run of a schedule.
type Run struct {
	File     string // of its schedule
	Schedule *scenario.Schedule
	Timeline *timeline.Timeline
	Outcome  sim.Outcome
	Result   checks.Result
	Verdict  string        // one line
	Accused  checks.Report // what is marked in the picture; zero: nothing
	Drift    []string      // of the schedule: what found no place
}

var (
	//go:embed page.gohtml
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed grid.js
	gridJS string
	//go:embed plot.js
	plotJS string
	//go:embed player.js
	playerJS string
)

// view is what the template reads.
type view struct {
	Page
	Style      template.CSS
	Script     template.JS
	Data       data
	Heading    string // what came of it, in a few words
	Why        string
	Guarantees []guarantee
	Entries    []entry
	Taken      int // entries of the original that are gone
	Runs       []runSize
	Answers    answers
	Picture    string // for who runs no scripts
}

// guarantee is one row of the table of verdicts.
type guarantee struct {
	Name, Verdict, Why string
	Claimed            bool
}

// runSize is one run in the comparison.
type runSize struct {
	Name, File                         string
	Workload, Faults, Choices          int
	Steps, Rows                        int
	Orders, Granted, Rejected, Letters int
	Verdict                            string
}

// maxPicture is how many rows the picture for who runs no scripts may have.
const maxPicture = 200

// Write writes the page.
func (p Page) Write(w io.Writer) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("page: template: %w", err)
	}
	v := view{Page: p, Style: template.CSS(pageCSS), Script: template.JS(strings.Join([]string{gridJS, plotJS, playerJS}, "\n")),
		Heading: heading(p.Run), Why: p.Run.Accused.Why, Guarantees: guarantees(p.Run.Outcome.Reports), Answers: answersOf(p.Run)}
	v.Data.Runs = append(v.Data.Runs, runData("The recorded run", p.Run))
	v.Runs = append(v.Runs, sizeOf("recorded", p.Run))
	if p.Original != nil {
		v.Data.Runs[0].Name = "The smallest run"
		v.Data.Runs = append(v.Data.Runs, runData("The original run", *p.Original))
		v.Runs[0].Name = "smallest"
		v.Runs = append(v.Runs, sizeOf("original", *p.Original))
		v.Entries = compare(p.Original.Schedule, p.Run.Schedule)
		for _, e := range v.Entries {
			if e.Fate == taken {
				v.Taken++
			}
		}
	}
	if len(p.Run.Timeline.Rows) <= maxPicture {
		v.Picture = p.Run.Timeline.Text(timeline.Width, p.Run.Accused)
	}
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("page: %s: %w", p.File, err)
	}
	return nil
}

// heading says what came of a run: the guarantee that broke, or that none did.
func heading(r Run) string {
	if r.Accused.Verdict == checks.Fail {
		return r.Accused.Guarantee.String() + " is broken"
	}
	switch r.Result {
	case checks.Holds:
		return "Every claimed guarantee held"
	case checks.Vacuous:
		return "The run shows nothing"
	}
	return "The run is " + r.Result.String()
}

// guarantees are the reports, those of broken claims first.
func guarantees(reports []checks.Report) (rows []guarantee) {
	for _, r := range reports {
		rows = append(rows, guarantee{r.Guarantee.String(), r.Verdict.String(), r.Why, r.Claimed})
	}
	slices.SortStableFunc(rows, func(a, b guarantee) int { return cmp.Compare(a.place(), b.place()) })
	return rows
}

// place is where a guarantee stands: broken, undecided, held, not claimed.
func (g guarantee) place() int {
	switch {
	case !g.Claimed:
		return 3
	case g.Verdict == checks.Pass.String():
		return 2
	case g.Verdict == checks.Undecided.String():
		return 1
	}
	return 0
}

func sizeOf(name string, r Run) runSize {
	s, sum := r.Schedule, r.Outcome.Summary
	return runSize{Name: name, File: r.File, Workload: len(s.Workload), Faults: len(s.Scenario.Faults), Choices: len(s.Deviations),
		Steps: r.Outcome.Steps, Rows: len(r.Timeline.Rows), Orders: sum.Orders, Granted: sum.Granted, Rejected: sum.Rejected,
		Letters: int(r.Outcome.DeadLetters), Verdict: r.Verdict}
}
