package scenario

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/checks"
)

// Version is the version of the format that this program reads and writes. It stands on the
// first line of every file.
const Version = 1

const magic = "stockproof scenario"

// Scenario is a parsed scenario file: a design, what clients do to it, which faults strike in which
// order, and what is expected to come of it. The format is line oriented, so that it diffs:
//
//	stockproof scenario 1
//	# Prose, and a drawing.
//	design [NAME] key=value...
//	workload key=value...          generator parameters
//	workload stock sku=A qty=5     or one explicit entry a line
//	fault NAME key=value...
//	expect GUARANTEE               which breaks, or: expect holds
//
// A value is a bare word or a quoted Go string; a key stands once on a line.
type Scenario struct {
	Name string // the file's base name without its extension
	File string // where it came from, for messages

	Prose    []Prose
	Design   *Entry  // Subject is the design's name, "" for any; nil: no design line
	Workload []Entry // Subject is "", or the kind of an explicit entry: "stock", "order", ...
	Faults   []Entry // Subject is the fault's name; in order
	Expect   []Expectation
}

// Prose is a comment line.
type Prose struct {
	Line int
	Text string // with its #
}

// Entry is one line of settings.
type Entry struct {
	Line     int
	Subject  string
	Settings []Setting
}

// Setting is one key=value.
type Setting struct{ Key, Value string }

// Expectation is a guarantee that breaks, or that nothing does.
type Expectation struct {
	Line      int
	Holds     bool
	Guarantee checks.Guarantee // if not Holds
}

// Get is the value of a key, and whether it is there.
func (e *Entry) Get(key string) (string, bool) {
	if e == nil {
		return "", false
	}
	for _, s := range e.Settings {
		if s.Key == key {
			return s.Value, true
		}
	}
	return "", false
}

// Errorf is an error about this line of the scenario.
func (s *Scenario) Errorf(line int, format string, args ...any) error {
	return checks.InputErrorf(s.File, line, format, args...)
}

// About is the first line of the prose, without its #.
func (s *Scenario) About() string {
	for _, p := range s.Prose {
		if text := strings.TrimSpace(strings.TrimPrefix(p.Text, "#")); text != "" {
			return text
		}
	}
	return ""
}

// ExpectsViolation reports whether the scenario says that something breaks.
func (s *Scenario) ExpectsViolation() bool {
	return slices.ContainsFunc(s.Expect, func(e Expectation) bool { return !e.Holds })
}

// String writes the scenario as a file. Every entry stands on its line again (lines that were empty are
// empty); entries without a line, made by a program, follow what is before them.
func (s *Scenario) String() string {
	type text struct {
		line int
		text string
	}
	var all []text
	for _, p := range s.Prose {
		all = append(all, text{p.Line, p.Text})
	}
	if s.Design != nil {
		all = append(all, text{s.Design.Line, s.Design.Text("design")})
	}
	for i := range s.Workload {
		all = append(all, text{s.Workload[i].Line, s.Workload[i].Text("workload")})
	}
	for i := range s.Faults {
		all = append(all, text{s.Faults[i].Line, s.Faults[i].Text("fault")})
	}
	for _, e := range s.Expect {
		all = append(all, text{e.Line, "expect " + e.text()})
	}
	last := 1
	for i := range all {
		last = max(last, all[i].line)
		if all[i].line == 0 {
			all[i].line = last
		}
	}
	slices.SortStableFunc(all, func(x, y text) int { return x.line - y.line })
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d\n", magic, Version)
	for line, i := 2, 0; i < len(all); line++ {
		if all[i].line <= line {
			b.WriteString(all[i].text)
			i++
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Text is the line as it stands in files.
func (e *Entry) Text(directive string) string {
	words := []string{directive}
	// An order line of a workload is known by its key.
	if _, order := e.Get("order"); e.Subject != "" && !(directive == "workload" && e.Subject == "order" && order) {
		words = append(words, e.Subject)
	}
	for _, s := range e.Settings {
		words = append(words, s.Key+"="+quoted(s.Value))
	}
	return strings.Join(words, " ")
}

func (e Expectation) text() string {
	if e.Holds {
		return "holds"
	}
	return e.Guarantee.String()
}
