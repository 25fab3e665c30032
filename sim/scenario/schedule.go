package scenario

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/workload"
)

// ScheduleVersion is the version of the format that this program reads and writes.
const ScheduleVersion = 1

const scheduleMagic = "stockproof schedule"

// Schedule is one run of the core tier, written down: a scenario whose faults are exact, and every choice of
// the scheduler that was not the usual one. It is the scenario's format with three directives more:
//
//	stockproof schedule 1
//	# Prose, and a drawing.
//	design article ttl=24h
//	scenario small                 where it was found; names the orders' ids
//	workload order=o1 sku=A qty=2
//	fault crash role=worker after=deduct order=o1
//	run actor=worker-2/orders[0] of=worker-1/orders[1] at="response redis deduct {A}" nth=2
//	expect exactly-once-effect severity=2
//	expect conservation            what does not hold either, because of that
//	ledger: holds
//	end 8                          how many lines with content stand before
type Schedule struct {
	Scenario
	Deviations []engine.Deviation
	Severity   int64 // of the violation that is expected first; 0: not said
	Others     []OtherDesign
}

// OtherDesign is what the same scenario, workload and faults do under another design.
type OtherDesign struct {
	Design string
	Holds  bool   // false: it does not apply, or breaks
	Note   string // why it does not apply
	Line   int
}

// ParseSchedule reads a schedule file; file is for messages. What is wrong is a [checks.InputError] that names
// the line.
func ParseSchedule(file, text string) (*Schedule, error) {
	s := &Schedule{}
	s.File, s.Name = file, strings.TrimSuffix(filepath.Base(file), ".sched")
	if len(text) > maxBytes {
		return nil, s.Errorf(0, "too large: at most %d bytes are allowed", maxBytes)
	}
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	if err := fileHeader(&s.Scenario, lines[0], scheduleMagic, ScheduleVersion); err != nil {
		return nil, err
	}
	entries, named, ended := 0, 0, 0
	for i, line := range lines[1:] {
		n, line := i+2, strings.TrimSpace(line)
		directive, _ := cutWord(line)
		switch {
		case !utf8.ValidString(line):
			return nil, s.Errorf(n, "is not valid UTF-8")
		case line == "" || line[0] == '#':
		case ended > 0:
			return nil, s.Errorf(n, "stands behind the end on line %d", ended)
		case directive == "end":
			if err := s.end(n, line, entries); err != nil {
				return nil, err
			}
			ended = n
			continue
		case directive == "scenario" && named > 0:
			return nil, s.Errorf(n, "a second scenario line, the first is line %d", named)
		case directive == "scenario":
			named = n
			entries++
		default:
			entries++
		}
		if err := s.entryLine(n, line); err != nil {
			return nil, err
		}
	}
	if ended == 0 {
		return nil, s.Errorf(len(lines), "the file ends after %d entries, `end %d` is missing: it was cut short", entries, entries)
	}
	if s.DesignName() == "" {
		return nil, s.Errorf(0, "no design line: a schedule is of one design")
	}
	return s, s.check()
}

func (s *Schedule) end(n int, line string, entries int) error {
	said, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "end")))
	if err != nil {
		return s.Errorf(n, "%q: end takes the number of entries before it", line)
	}
	if said != entries {
		return s.Errorf(n, "end %d, and there are %d entries: lines are missing or were added without counting", said, entries)
	}
	return nil
}

// entryLine reads what a schedule has beside a scenario, and leaves the rest to that.
func (s *Schedule) entryLine(n int, line string) error {
	directive, rest := cutWord(line)
	if name, ok := strings.CutSuffix(directive, ":"); ok {
		o := OtherDesign{Design: name, Line: n}
		for _, old := range s.Others {
			if old.Design == name {
				return s.Errorf(n, "%s stands on line %d already", name, old.Line)
			}
		}
		verdict, note := cutWord(rest)
		switch {
		case rest == "holds":
			o.Holds = true
		case verdict == "n/a":
			if o.Note = note; note == "" {
				return s.Errorf(n, "%s: n/a needs a reason", name)
			}
		default:
			return s.Errorf(n, "%q is neither holds nor n/a with a reason", rest)
		}
		s.Others = append(s.Others, o)
		return nil
	}
	switch directive {
	case "scenario":
		if rest == "" || strings.ContainsAny(rest, " =") {
			return s.Errorf(n, "scenario takes one name")
		}
		s.Name = rest
		return nil
	case "run":
		return s.deviation(n, rest)
	case "expect":
		return s.expectation(n, rest)
	}
	return s.line(n, line)
}

func (s *Schedule) deviation(n int, rest string) error {
	e, err := s.entry(n, rest)
	if err != nil {
		return err
	}
	d := engine.Deviation{Nth: 1, Line: n}
	for _, x := range e.Settings {
		switch x.Key {
		case "actor":
			d.Run = x.Value
		case "of":
			d.Actor = x.Value
		case "at":
			d.Point = x.Value
		case "nth":
			nth, err := workload.ParseNumber(x.Value, 1, 1<<31)
			if err != nil {
				return s.Errorf(n, "nth: %v", err)
			}
			d.Nth = int(nth)
		default:
			return s.Errorf(n, "unknown key %s of run: it takes actor, of, at and nth", x.Key)
		}
	}
	// Before anybody has taken a step there is nobody whose step it was: of="".
	if _, of := e.Get("of"); e.Subject != "" || d.Run == "" || d.Point == "" || !of {
		return s.Errorf(n, "run needs actor=WHO of=WHOM at=POINT")
	}
	s.Deviations = append(s.Deviations, d)
	return nil
}

func (s *Schedule) expectation(n int, rest string) error {
	e, err := s.entry(n, rest)
	if err != nil {
		return err
	}
	if v, ok := e.Get("severity"); ok {
		if e.Subject == "holds" {
			return s.Errorf(n, "severity: it is of a violation, and none is expected")
		}
		if len(s.Expect) > 0 {
			return s.Errorf(n, "severity: it is of the guarantee that is expected first, on line %d", s.Expect[0].Line)
		}
		if s.Severity, err = workload.ParseNumber(v, 0, model.MaxNumber); err != nil {
			return s.Errorf(n, "severity: %v", err)
		}
		e.Settings = slices.DeleteFunc(e.Settings, func(x Setting) bool { return x.Key == "severity" })
	}
	return s.expect(n, e)
}

// LoadSchedule reads a schedule file from disk.
func LoadSchedule(path string) (*Schedule, error) {
	text, err := readInput(path, "there is no such file")
	if err != nil {
		return nil, err
	}
	return ParseSchedule(path, text)
}

// String writes the schedule as a file.
func (s *Schedule) String() string {
	var b strings.Builder
	entries := 0
	line := func(words ...string) {
		entries++
		b.WriteString(strings.Join(words, " ") + "\n")
	}
	fmt.Fprintf(&b, "%s %d\n", scheduleMagic, ScheduleVersion)
	for _, p := range s.Prose {
		b.WriteString(p.Text + "\n")
	}
	if s.Design != nil {
		line(s.Design.Text("design"))
	}
	line("scenario", s.Name)
	for i := range s.Workload {
		line(s.Workload[i].Text("workload"))
	}
	for i := range s.Faults {
		line(s.Faults[i].Text("fault"))
	}
	for _, d := range s.Deviations {
		words := []string{"run", "actor=" + quoted(d.Run), "of=" + quoted(d.Actor), "at=" + quoted(d.Point)}
		if d.Nth > 1 {
			words = append(words, fmt.Sprintf("nth=%d", d.Nth))
		}
		line(words...)
	}
	for i, e := range s.Expect {
		words := []string{"expect", e.text()}
		if i == 0 && !e.Holds && s.Severity > 0 {
			words = append(words, fmt.Sprintf("severity=%d", s.Severity))
		}
		line(words...)
	}
	for _, o := range s.Others {
		if o.Holds {
			line(o.Design + ": holds")
		} else {
			line(o.Design + ": n/a " + o.Note)
		}
	}
	fmt.Fprintf(&b, "end %d\n", entries)
	return b.String()
}

// Expected is the guarantee that the schedule says is violated, the first where several are: it is the one that the schedule
// is about. False where it says that all holds.
func (s *Schedule) Expected() (checks.Guarantee, bool) {
	for _, e := range s.Expect {
		if !e.Holds {
			return e.Guarantee, true
		}
	}
	return 0, false
}
