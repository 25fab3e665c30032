package port

import (
	"context"
	"time"

	"stockproof/model"
)

// Broker is Kafka.
type Broker interface {
	// Produce writes with acks=all and idempotence. One round trip to each leader. A record with
	// Partition -1 goes where [model.Partition] of its key says; a null key orders nothing, so there
	// the value says. ErrUnknown: any subset may be in the log, in order.
	Produce(ctx context.Context, rs ...Record) error
	// Join makes a member of the group; partitions come from Member.Claim.
	Join(ctx context.Context, group, topic string) (Member, error)
	// End is the topic's id and the offset behind the last record of every partition. One round trip
	// to each leader.
	End(ctx context.Context, topic string) (id model.ID, ends []int64, err error)
}

// Member is a member of a consumer group.
type Member interface {
	// Claim blocks until the group gives this member a partition. It belongs to the client's session
	// protocol: it can be late, never lost.
	Claim(ctx context.Context) (Claim, error)
	// Leave ends the membership; its claims are fenced.
	Leave(ctx context.Context) error
}

// Claim is a partition in a member's hands.
type Claim interface {
	Topic() string
	TopicID() model.ID // Kafka's: a recreated topic is another one
	Partition() int32
	// Committed is the group's offset at assignment, or where the log begins if it has none. Where the
	// truth keeps positions, a hint.
	Committed() Position
	// Fetch blocks until a record at or after from exists, then returns at most max of what is there
	// or arrives within linger. ErrFenced once this member has learned that the partition is gone:
	// Kafka does not fence fetches. *OutOfRangeError where the log does not hold the position.
	Fetch(ctx context.Context, from Position, max int, linger time.Duration) ([]Record, error)
	// Commit stores the group's offset. One round trip. ErrFenced when the generation is over.
	Commit(ctx context.Context, next Position) error
	// Release says that nothing of this partition is in flight here: a revocation waits for it. A
	// partition that is still this member's comes back from Member.Claim. Local.
	Release()
}

// Position is where to read next.
type Position struct {
	Offset      int64
	LeaderEpoch int32 // of the last consumed record, -1 if unknown: truncation is found on seek
}

// Record is one Kafka record.
type Record struct {
	Topic       string
	Partition   int32 // -1 for Produce: by key
	Offset      int64
	LeaderEpoch int32
	Key         []byte // nil is null
	Value       []byte // nil is null: a tombstone
	Headers     []Header
	At          int64 // timestamp, ms since 1970
}

// Header is one record header.
type Header struct {
	Key   string
	Value []byte
}

// Header is the value of the first header named key, and whether there is one.
func (r *Record) Header(key string) ([]byte, bool) {
	for _, h := range r.Headers {
		if h.Key == key {
			return h.Value, true
		}
	}
	return nil, false
}
