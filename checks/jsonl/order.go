package jsonl

import (
	"fmt"

	"stockproof/checks"
)

// order is what must be true of events one behind the other: answers have their call, and time does not
// run backwards. It keeps a byte for every attempt.
type order struct {
	now      int64
	attempts map[uint64]attempt
}

// attempt is where a call is in its life.
type attempt uint8

const (
	called   attempt = iota + 1 // not answered, or accepted and to be decided
	answered                    // decided, or refused: nothing more can come
)

func newOrder() order { return order{attempts: map[uint64]attempt{}} }

func (o *order) observe(e checks.Event) error {
	switch e := e.(type) {
	case checks.Call:
		if o.attempts[e.Attempt] != 0 {
			return fmt.Errorf("attempt %d was called before", e.Attempt)
		}
		o.attempts[e.Attempt] = called
		if e.Late && e.At <= o.now {
			return nil
		}
		return o.pass(e.At)
	case checks.Return:
		if err := o.answer("return", e.Attempt); err != nil {
			return err
		}
		if e.Decision.Decided() || e.Refused != "" {
			o.attempts[e.Attempt] = answered
		}
		return o.pass(e.At)
	case checks.Unknown:
		if err := o.answer("unknown outcome", e.Attempt); err != nil {
			return err
		}
		return o.pass(e.At)
	case checks.Read:
		if e.Call > e.At {
			return fmt.Errorf("time runs backwards: a read that was called at %d was answered at %d", e.Call, e.At)
		}
		return o.pass(e.At)
	}
	return nil
}

func (o *order) answer(what string, n uint64) error {
	switch o.attempts[n] {
	case called:
		return nil
	case answered:
		return fmt.Errorf("a %s of attempt %d, which was answered before", what, n)
	}
	return fmt.Errorf("a %s without a call: nobody called attempt %d", what, n)
}

func (o *order) pass(at int64) error {
	if at < o.now {
		return fmt.Errorf("time runs backwards: %d after %d", at, o.now)
	}
	o.now = at
	return nil
}
