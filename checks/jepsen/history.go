package jepsen

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"stockproof/checks"
	"stockproof/checks/linear"
)

// History is what a file holds.
type History struct {
	Register bool // of registers, else of counters
	Keys     []string
	Ops      []linear.Op    // by call; Key is an index of Keys
	Lines    []int          // by operation: of its call, from 1
	Values   *linear.Values // of registers
}

// ByKey are the operations of each key.
func (h History) ByKey() [][]linear.Op {
	keys := make([][]linear.Op, len(h.Keys))
	for _, op := range h.Ops {
		keys[op.Key] = append(keys[op.Key], op)
	}
	return keys
}

// LinesByKey are the lines of [History.ByKey].
func (h History) LinesByKey() [][]int {
	keys := make([][]int, len(h.Keys))
	for i, op := range h.Ops {
		keys[op.Key] = append(keys[op.Key], h.Lines[i])
	}
	return keys
}

// Text is one line about an operation, with the values of a register as the file has them.
func (h History) Text(op linear.Op) string {
	if !h.Register {
		return op.String()
	}
	until := "open)"
	if op.Return != linear.Open {
		until = fmt.Sprintf("%d]", op.Return)
	}
	return fmt.Sprintf("client %d: %s [%d, %s", op.Client, linear.DescribeRegister(h.Values, &op), op.Call, until)
}

// ReadEDN reads a history.edn: events one after the other, or one sequence of them. The name is for errors,
// which are of type [checks.InputError].
func ReadEDN(in io.Reader, name string, m Mapping) (History, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return History{}, checks.ReadError(name, 1+bytes.Count(text, []byte("\n")), err)
	}
	b := newBuilder(name, m)
	r := &reader{text: string(text), line: 1}
	for {
		f, line, ok, err := r.next()
		if err != nil {
			return History{}, b.syntax(err)
		}
		if !ok {
			return b.finish()
		}
		list, isList := f.(sequence)
		lines := r.starts
		if !isList {
			list, lines = sequence{f}, []int{line}
		}
		for i, f := range list {
			if err := b.form(f, lines[i]); err != nil {
				return History{}, err
			}
		}
	}
}

// ReadLog reads the lines of a Jepsen log that report operations: what follows "jepsen.util -" or
// "jepsen.util" is process, type, function and value. Other lines are passed over.
func ReadLog(in io.Reader, name string, m Mapping) (History, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return History{}, checks.ReadError(name, 1+bytes.Count(text, []byte("\n")), err)
	}
	b := newBuilder(name, m)
	for n, line := range strings.Split(string(text), "\n") {
		_, report, found := strings.Cut(line, "jepsen.util")
		if !found {
			continue
		}
		report = strings.TrimPrefix(strings.TrimSpace(report), "- ")
		r := &reader{text: report, line: n + 1}
		var fields [4]form
		for i := range fields {
			f, _, ok, err := r.next()
			if err != nil {
				return History{}, b.syntax(err)
			}
			if !ok {
				return History{}, b.errorf(n+1, "is cut short: a report has process, type, function and value")
			}
			fields[i] = f
		}
		e := mapping{keyword(b.m.Process), fields[0], keyword(b.m.Type), fields[1], keyword(b.m.F), fields[2],
			keyword(b.m.Value), fields[3]}
		if err := b.form(e, n+1); err != nil {
			return History{}, err
		}
	}
	return b.finish()
}

// builder pairs calls and answers.
type builder struct {
	name    string
	m       Mapping
	h       History
	kinds   map[string]linear.Kind
	keys    map[string]int32
	ids     map[string]int64
	pending map[int64]int // by process: index of the operation under way
	now     int64
	counter int // line of an operation on a counter; 0: none yet
	place   int64
	timed   bool // some event has a time
	reads   []sight
}

// sight is what a read saw.
type sight struct {
	op, line int
	value    form
}

func newBuilder(name string, m Mapping) *builder {
	for usual, field := range m.fields() {
		*field = cmp.Or(*field, usual)
	}
	b := &builder{name: name, m: m, kinds: Functions(), keys: map[string]int32{}, ids: map[string]int64{}, pending: map[int64]int{},
		now: math.MinInt64, h: History{Values: linear.NewValues()}}
	for f, k := range m.Functions {
		b.kinds[f] = k
	}
	return b
}

func (b *builder) errorf(line int, format string, args ...any) error {
	return checks.InputErrorf(b.name, line, format, args...)
}

func (b *builder) syntax(err error) error {
	var s *syntaxError
	if errors.As(err, &s) {
		return b.errorf(s.line, "%s", s.reason)
	}
	return err
}

// finish is the history; what was not answered stays unknown.
func (b *builder) finish() (History, error) {
	if len(b.h.Ops) == 0 {
		return History{}, b.errorf(0, "holds no operation")
	}
	b.h.Register = b.counter == 0 && b.m.Model != CounterModel
	for _, r := range b.reads {
		op := &b.h.Ops[r.op]
		if b.h.Register {
			op.Remaining = b.value(r.value)
			continue
		}
		n, ok := r.value.(int64)
		if !ok {
			return History{}, b.errorf(r.line, "%s is no number of units", text(r.value))
		}
		op.Remaining = n
	}
	return b.h, nil
}
