package checks

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"stockproof/checks/linear"
	"stockproof/model"
)

// soldTwice is the last unit sold to two clients, one after the other.
func soldTwice() []Operation {
	restock := bareOp("r", model.Restock, 1, 1, 2, model.Granted, 1)
	first, second := bareOp("o1", model.Reserve, 1, 3, 4, model.Granted, 1), bareOp("o2", model.Reserve, 1, 5, 6, model.Granted, 1)
	second.Client = 1
	return []Operation{restock, first, second}
}

func TestBareAnswersAreDrawn(t *testing.T) {
	ops := soldTwice()
	o := BareOptions{Names: map[model.ID]string{ops[1].Command.OrderID: "o1", ops[2].Command.OrderID: "o2"}}
	var page bytes.Buffer
	if err := DrawBare(&page, ops, at("A"), o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<html", `order o1 line 1 (1 of \"A\") -\u003e GRANTED 1`, "0 available, 1 reserved"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is missing in the page", want)
		}
	}
	if err := DrawBare(&page, ops, at("B"), o); !errors.Is(err, ErrNoPanel) {
		t.Errorf("a lane of which nothing is known: %v", err)
	}
}

// What the search does not take is listed, and the error says why.
func TestBareAnswersThatAreNotSearchedAreListed(t *testing.T) {
	var text bytes.Buffer
	err := DrawBare(&text, soldTwice(), at("A"), BareOptions{MaxOperations: 2})
	if !linear.IsText(err) || !strings.Contains(err.Error(), "3 operations are more than 2") || strings.Count(text.String(), "\n") != 3 {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestOperationsOfOneClientAreDrawnBesideEachOther(t *testing.T) {
	ops := make([]Operation, 5)
	for i, x := range []struct {
		client    int32
		call, ret int64
	}{{0, 1, 2}, {1, 1, Open}, {0, 3, 4}, {0, 4, 5}, {1, 9, 9}} {
		ops[i] = Operation{Client: x.client, Call: x.call, Return: x.ret}
	}
	if got, want := bareRows(ops), []int{0, 1, 0, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

// A history of answers alone is drawn where it is not linearizable.
func TestASuiteDrawsWhatBareAnswersShow(t *testing.T) {
	h := History{Header: Header{Claims: []Guarantee{Linearizable}, Capability: BareAnswers}}
	for i, op := range soldTwice() {
		h.Events = append(h.Events, Call{Attempt: uint64(i + 1), At: op.Call, Client: op.Client, Command: op.Command},
			Return{Attempt: uint64(i + 1), At: op.Return, Decision: op.Decision})
	}
	for _, c := range []struct {
		events []Event
		want   error
	}{{h.Events, nil}, {h.Events[:4], ErrNoPanel}} {
		s, page := New(h.Header), bytes.Buffer{}
		for _, e := range c.events {
			s.Observe(e)
		}
		s.Finish(Audit{})
		if err := s.Explain(&page); err != c.want || (err == nil) != strings.Contains(page.String(), "GRANTED 1") {
			t.Errorf("%v, want %v; a page of %d bytes", err, c.want, page.Len())
		}
	}
}
