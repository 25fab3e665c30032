package jepsen

import (
	"fmt"
	"math"

	"stockproof/checks/linear"
)

// form takes one event.
func (b *builder) form(f form, line int) error {
	if t, ok := f.(tagged); ok { // #jepsen.history.Op{...}
		f = t.value
	}
	e, ok := f.(mapping)
	if !ok {
		return b.errorf(line, "is no event: a map is expected")
	}
	p, ok := e.get(b.m.Process)
	if !ok {
		return b.errorf(line, "has no :%s", b.m.Process)
	}
	process, ok := p.(int64)
	if !ok {
		return nil // the nemesis
	}
	at, err := b.clock(e, line)
	if err != nil {
		return err
	}
	t, _ := e.get(b.m.Type)
	kind, _ := t.(keyword)
	if kind == "invoke" {
		return b.invoke(e, process, at, line)
	}
	if kind != "ok" && kind != "fail" && kind != "info" {
		return b.errorf(line, "%s is no type of event: :invoke, :ok, :fail or :info", text(t))
	}
	i, called := b.pending[process]
	if !called {
		return b.errorf(line, "process %d is answered, and called nothing", process)
	}
	delete(b.pending, process)
	op := &b.h.Ops[i]
	if name, k, err := b.function(e, line); err != nil {
		return err
	} else if k != op.Kind {
		return b.errorf(line, "process %d is answered %s, and called %s on line %d", process, name, op.Kind, b.h.Lines[i])
	}
	switch {
	case kind == "ok":
		op.Return, op.Outcome = at, linear.OK
		return b.answer(i, e, line)
	case kind == "fail" && op.Kind != linear.Read && b.m.FailIsRefusal:
		op.Return, op.Outcome = at, linear.Rejected
		return b.shown(op, e, line)
	case kind == "fail":
		op.Outcome = linear.Never
	}
	return nil
}

// clock is the time of an event: its own, or that of the last one that has one, or else its place.
func (b *builder) clock(e mapping, line int) (int64, error) {
	b.place++
	at := b.place
	if b.timed {
		at = b.now
	}
	if t, timed := e.get(b.m.Time); timed {
		b.timed = true
		n, ok := t.(int64)
		if !ok {
			return 0, b.errorf(line, "%s is no time", text(t))
		}
		at = n
	}
	if at < b.now {
		return 0, b.errorf(line, "time runs backwards, from %d to %d", b.now, at)
	}
	b.now = at
	return at, nil
}

// function is the kind of operation.
func (b *builder) function(e mapping, line int) (string, linear.Kind, error) {
	f, _ := e.get(b.m.F)
	name, _ := f.(keyword)
	k, known := b.kinds[string(name)]
	if !known {
		return "", 0, b.errorf(line, "%s is an unknown kind of operation", text(f))
	}
	return string(name), k, nil
}

// invoke takes a call.
func (b *builder) invoke(e mapping, process, at int64, line int) error {
	if i, busy := b.pending[process]; busy {
		return b.errorf(line, "process %d calls, and waits for its call on line %d", process, b.h.Lines[i])
	}
	_, kind, err := b.function(e, line)
	if err != nil {
		return err
	}
	if kind != linear.Read {
		counts := kind < linear.Read
		if said := b.m.Model; said == CounterModel && !counts || said == RegisterModel && counts {
			return b.errorf(line, "%s is no operation on a %s", kind, said)
		}
		if counts != (b.counter > 0) && len(b.h.Lines) > 0 && b.mixed(counts) {
			return b.errorf(line, "a history is of registers or of counters, not of both")
		}
		if counts && b.counter == 0 {
			b.counter = line
		}
	}
	if process < math.MinInt32 || process > math.MaxInt32 {
		return b.errorf(line, "process %d is out of range", process)
	}
	op := linear.NewOp(kind, 0, at)
	op.Client = int32(process)
	key, value := b.keyed(e)
	op.Key = b.key(key)
	if err := b.question(&op, e, value, line); err != nil {
		return err
	}
	b.pending[process] = len(b.h.Ops)
	b.h.Ops, b.h.Lines = append(b.h.Ops, op), append(b.h.Lines, line)
	return nil
}

// mixed reports whether an operation of the other sort came before.
func (b *builder) mixed(counts bool) bool {
	for _, op := range b.h.Ops {
		if op.Kind != linear.Read && (op.Kind < linear.Read) != counts {
			return true
		}
	}
	return false
}

// keyed is the key and the value of an event: a field of its own, or Jepsen's independent tuples.
func (b *builder) keyed(e mapping) (key, value form) {
	value, _ = e.get(b.m.Value)
	key, _ = e.get(b.m.Key)
	if t, ok := value.(tagged); ok {
		if pair, ok := t.value.(sequence); ok && len(pair) == 2 {
			return pair[0], pair[1]
		}
	}
	return key, value
}

func (b *builder) key(f form) int32 {
	name := text(f)
	k, known := b.keys[name]
	if !known {
		k = int32(len(b.keys))
		b.keys[name] = k
		b.h.Keys = append(b.h.Keys, name)
	}
	return k
}

// question takes what an operation asks for.
func (b *builder) question(op *linear.Op, e mapping, value form, line int) error {
	switch op.Kind {
	case linear.Read:
		return nil
	case linear.Write, linear.Append:
		op.Qty = b.value(value)
		return nil
	case linear.CompareAndSet:
		pair, ok := value.(sequence)
		if !ok || len(pair) != 2 {
			return b.errorf(line, "%s is no pair of an old and a new value", text(value))
		}
		op.Arg, op.Qty = b.value(pair[0]), b.value(pair[1])
		return nil
	case linear.Cancel:
		op.Qty = linear.Absent
	default:
		n, ok := value.(int64)
		if !ok {
			return b.errorf(line, "%s is no quantity", text(value))
		}
		op.Qty = n
	}
	if id, ok := e.get(b.m.ID); ok {
		op.ID = b.id(id)
	}
	if ref, ok := e.get(b.m.Ref); ok {
		op.Arg = b.id(ref)
	}
	if op.Kind == linear.Cancel && op.Arg == linear.Absent {
		return b.errorf(line, "a cancel does not say what (:%s)", b.m.Ref)
	}
	return nil
}

// answer takes what an operation was told. What a read saw is a value or a number of units: which, the whole
// history says.
func (b *builder) answer(i int, e mapping, line int) error {
	if b.h.Ops[i].Kind == linear.Read {
		_, value := b.keyed(e)
		b.reads = append(b.reads, sight{i, line, value})
	}
	return b.shown(&b.h.Ops[i], e, line)
}

// shown takes the version and the stock that an answer shows.
func (b *builder) shown(op *linear.Op, e mapping, line int) error {
	for name, field := range map[string]*int64{b.m.Seq: &op.Seq, b.m.Remaining: &op.Remaining} {
		f, ok := e.get(name)
		if !ok || f == nil {
			continue
		}
		n, ok := f.(int64)
		if !ok {
			return b.errorf(line, "%s is no :%s", text(f), name)
		}
		*field = n
	}
	return nil
}

// value interns a register's value.
func (b *builder) value(f form) int64 {
	if f == nil {
		return linear.Nil
	}
	return b.h.Values.Intern(text(f))
}

func (b *builder) id(f form) int64 {
	name := text(f)
	n, known := b.ids[name]
	if !known {
		n = int64(len(b.ids))
		b.ids[name] = n
	}
	return n
}

// text is a form for people, and what tells values apart.
func text(f form) string {
	switch f := f.(type) {
	case nil:
		return "nil"
	case keyword:
		return ":" + string(f)
	case string:
		return f
	}
	return fmt.Sprint(f)
}
