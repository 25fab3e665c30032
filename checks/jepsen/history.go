package jepsen

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"stockproof/checks"
	"stockproof/checks/linear"
)

// Mapping says how a history names things. The zero value of each field is Jepsen's own name.
type Mapping struct {
	Process, Type, F, Value, Time, Key string // fields of an event; defaults: process type f value time key
	ID, Ref, Seq, Remaining            string // optional fields of an inventory's history; defaults: id ref seq remaining
	// Functions are what operations are called, beside [Functions].
	Functions map[string]linear.Kind
	// FailIsRefusal: :fail means that a compare-and-set found another value, or that a deduction found too few
	// units, as in etcd's logs. Otherwise it means that nothing happened, and nothing was seen.
	FailIsRefusal bool
}

// Functions are the names that operations have in Jepsen's own tests.
func Functions() map[string]linear.Kind {
	return map[string]linear.Kind{"read": linear.Read, "get": linear.Read, "write": linear.Write, "put": linear.Write,
		"cas": linear.CompareAndSet, "append": linear.Append, "add": linear.Adjust, "inc": linear.Adjust,
		"increment": linear.Adjust, "deduct": linear.Deduct, "restock": linear.Restock, "cancel": linear.Cancel}
}

// History is what a file holds.
type History struct {
	Register bool // of registers, else of counters
	Keys     []string
	Ops      []linear.Op    // by call; Key is an index of Keys
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

// ReadEDN reads a history.edn: events one after the other, or one sequence of them. The name is for errors,
// which are of type [checks.InputError].
func ReadEDN(in io.Reader, name string, m Mapping) (History, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return History{}, fmt.Errorf("read %s: %w", name, err)
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
		if !isList {
			list = sequence{f}
		}
		for _, f := range list {
			if err := b.form(f, line); err != nil {
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
		return History{}, fmt.Errorf("read %s: %w", name, err)
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
	lines   []int         // by operation: of its call
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
	for field, usual := range map[*string]string{&m.Process: "process", &m.Type: "type", &m.F: "f", &m.Value: "value",
		&m.Time: "time", &m.Key: "key", &m.ID: "id", &m.Ref: "ref", &m.Seq: "seq", &m.Remaining: "remaining"} {
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
	return &checks.InputError{File: b.name, Line: line, Reason: fmt.Sprintf(format, args...)}
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
	b.h.Register = b.counter == 0
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
