package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
)

func TestEveryErrorHasItsClass(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	reset := &net.OpError{Op: "read", Err: errors.New("reset")}
	for _, c := range []struct {
		err           error
		reads, writes error
	}{
		{kerr.UnknownMemberID, port.ErrFenced, port.ErrFenced},
		{kerr.IllegalGeneration, port.ErrFenced, port.ErrFenced},
		{kerr.RebalanceInProgress, port.ErrFenced, port.ErrFenced},
		{kerr.FencedInstanceID, port.ErrFenced, port.ErrFenced},
		{kerr.MessageTooLarge, port.ErrContract, port.ErrContract},
		{kerr.InvalidRecord, port.ErrContract, port.ErrContract},
		{kerr.RequestTimedOut, port.ErrUnavailable, port.ErrUnknown},
		{kerr.NotEnoughReplicasAfterAppend, port.ErrUnavailable, port.ErrUnknown},
		{kerr.NotEnoughReplicas, port.ErrUnavailable, port.ErrUnavailable}, // refused before the append
		{kerr.UnknownTopicOrPartition, port.ErrUnavailable, port.ErrUnavailable},
		{kerr.TopicAuthorizationFailed, port.ErrUnavailable, port.ErrUnavailable},
		{kerr.CoordinatorNotAvailable, port.ErrUnavailable, port.ErrUnavailable},
		{refused, port.ErrUnavailable, port.ErrUnavailable},
		{reset, port.ErrUnavailable, port.ErrUnknown},
		{kgo.ErrMaxBuffered, port.ErrUnavailable, port.ErrUnavailable},
		{kgo.ErrClientClosed, port.ErrUnavailable, port.ErrUnknown},
		{context.DeadlineExceeded, port.ErrUnavailable, port.ErrUnknown},
		{context.Canceled, nil, port.ErrUnknown},
		{&port.OutOfRangeError{}, nil, nil},
	} {
		err := fmt.Errorf("wrapped: %w", c.err)
		if got := classOf(err, reads); got != c.reads {
			t.Errorf("reading, %v is %v, want %v", c.err, got, c.reads)
		}
		if got := classOf(err, writes); got != c.writes {
			t.Errorf("writing, %v is %v, want %v", c.err, got, c.writes)
		}
	}
}

func TestClassifiedErrorsNameTheBrokersAndKeepTheirCause(t *testing.T) {
	b := &Broker{options: Options{Seeds: []string{"a:1", "b:2"}}}
	err := b.classified(context.Canceled, writes, "produce to %s[%d]", "t", 3)
	if !errors.Is(err, port.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides its class or its cause", err)
	}
	if want := "kafka a:1,b:2: produce to t[3]: "; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%q does not begin with %q", err, want)
	}
	out := b.classified(&port.OutOfRangeError{Topic: "t"}, reads, "fetch")
	if _, ok := errors.AsType[*port.OutOfRangeError](out); !ok || port.Class(out) != nil {
		t.Errorf("%v is not an OutOfRangeError without a class", out)
	}
}
