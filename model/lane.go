package model

import "strconv"

// Lane is the state of one SKU at one location. A lane with Seq 0 is unknown: nothing was ever
// decided on it, and its numbers mean nothing.
type Lane struct {
	Key            LaneKey
	Bump           int64 // added to the wire epoch by the quarantine of this lane
	Seq            int64 // decisions so far
	OnHand         int64 // units in the building, reserved ones included; never negative
	Reserved       int64 // units promised and not yet committed
	Safety         int64 // units never promised
	BackorderLimit int64 // units that may be promised beyond stock
	StockVersion   int64 // changes of OnHand so far
	Short          bool  // Avail is below -BackorderLimit; no grants until that clears
}

// Avail is what can still be promised, before the backorder limit, in units. It may be negative.
func (l Lane) Avail() int64 { return l.OnHand - l.Reserved - l.Safety }

// Known reports whether anything was ever decided on the lane.
func (l Lane) Known() bool { return l.Seq > 0 }

// EpochShift is how far the cluster's epoch is shifted in a wire epoch: 20 bits are a lane's bumps.
const EpochShift = 20

// WireEpoch is the epoch that records and Redis carry: cluster epoch * 2^20 + the lane's bump. It
// orders everything before a failover or quarantine behind everything after it.
func WireEpoch(cluster, bump int64) int64 { return cluster<<EpochShift + bump }

// LineState is where an order line is in its life.
type LineState uint8

// The states of a line. Their numbers are stored in the truth: never renumber.
const (
	LineAbsent    LineState = iota
	LinePending             // its RESERVE is accepted and undecided
	LineCancelled           // tombstone: released before its RESERVE was decided
	LineLapsed              // tombstone: expired before its RESERVE was decided
	LineReserved            // granted, units promised
	LineCommitted           // units left the building
	LineReleased            // given back, or replaced by an amendment
	LineExpired             // given back because its deadline passed
	LineRejected            // never granted
)

var lineStateNames = [...]string{"ABSENT", "PENDING", "CANCELLED", "LAPSED", "RESERVED", "COMMITTED",
	"RELEASED", "EXPIRED", "REJECTED"}

func (s LineState) String() string {
	if int(s) >= len(lineStateNames) {
		return "STATE(" + strconv.Itoa(int(s)) + ")"
	}
	return lineStateNames[s]
}

// MarshalText writes the name.
func (s LineState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *LineState) UnmarshalText(b []byte) error {
	for i, n := range lineStateNames {
		if n == string(b) {
			*s = LineState(i)
			return nil
		}
	}
	return Contractf("state", "%q is not a state of a line", b)
}

// Line is one order line, identified by its RESERVE command: the reservation itself.
type Line struct {
	Command  ID // the RESERVE's id
	OrderID  ID // absent for a tombstone whose RESERVE has not come yet
	LineNo   int32
	Lane     LaneKey
	Qty      int64 // units asked for
	Granted  int64
	Returned int64 // never above Granted
	State    LineState
	Deadline int64 // ms since 1970, 0 = none
}

// Undecided reports whether the line's RESERVE has no decision yet, known or not.
func (l Line) Undecided() bool { return l.State <= LineLapsed }
