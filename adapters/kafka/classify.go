package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"stockproof/inventory/port"
)

// effect is what a lost answer means for a request.
type effect bool

const (
	reads  effect = false // asking again harms nothing
	writes effect = true  // it may have been applied, or will be
)

// Codes of the broker by what they mean for the request they answer. Every other code is a broker
// that did not do it and may do so later.
var (
	fencedCodes = [...]*kerr.Error{
		kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.FencedInstanceID, kerr.RebalanceInProgress,
		kerr.StaleMemberEpoch, kerr.FencedMemberEpoch,
	}
	contractCodes = [...]*kerr.Error{
		kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp,
		kerr.InvalidTopicException,
	}
	unknownCodes = [...]*kerr.Error{
		kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend, kerr.UnknownServerError,
		kerr.NetworkException, kerr.DuplicateSequenceNumber, kerr.OutOfOrderSequenceNumber,
		kerr.UnknownProducerID, kerr.InvalidProducerEpoch,
	}
)

// classOf is the port's class of an error that franz-go or a broker gave; nil for a cancelled
// context and for a position that the log does not hold.
func classOf(err error, e effect) error {
	if c := port.Class(err); c != nil {
		return c
	}
	if _, ok := errors.AsType[*port.OutOfRangeError](err); ok {
		return nil
	}
	if code, ok := errors.AsType[*kerr.Error](err); ok {
		switch {
		case slices.Contains(fencedCodes[:], code):
			return port.ErrFenced
		case slices.Contains(contractCodes[:], code):
			return port.ErrContract
		case slices.Contains(unknownCodes[:], code) && e == writes:
			return port.ErrUnknown
		}
		return port.ErrUnavailable
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return port.ErrUnavailable
	}
	switch {
	case errors.Is(err, kgo.ErrMaxBuffered):
		return port.ErrUnavailable
	case e == writes:
		return port.ErrUnknown
	case errors.Is(err, context.Canceled):
		return nil
	}
	return port.ErrUnavailable
}

// classified wraps err with what was being done and its class. It keeps err itself visible, so that a
// caller still sees its own cancellation.
func (b *Broker) classified(err error, e effect, format string, args ...any) error {
	doing := fmt.Sprintf(format, args...)
	class := classOf(err, e)
	if class == nil || errors.Is(err, class) {
		return fmt.Errorf("kafka %s: %s: %w", b.options.seeds(), doing, err)
	}
	return fmt.Errorf("kafka %s: %s: %w: %w", b.options.seeds(), doing, class, err)
}
