package port

import (
	"context"

	"stockproof/model"
)

// Speed is Redis, one node or a Cluster. Do makes one round trip to each node that owns a key. It is
// not atomic across operations: each is one script or command and carries its own Err. Do returns
// the worst class of them, so that the whole call can be retried.
type Speed interface {
	Do(ctx context.Context, ops ...SpeedOp) error
}

// SpeedOp is one operation on one key (or one hash tag); results are fields of the value behind the
// pointer.
type SpeedOp interface{ SpeedOp() *Outcome }

// Outcome is how one speed operation ended. Embed it.
type Outcome struct{ Err error }

// SpeedOp makes an operation of every type that embeds Outcome.
func (o *Outcome) SpeedOp() *Outcome { return o }

// Spaces of the speed layer: the key prefix of a read model.
const SpeedSpace = "inv"

// FeedSpace is the space of a channel's feed.
func FeedSpace(channel string) string { return "feed:" + channel }

// InstallLane is the compare-and-set (install.lua) on the hash
// Space:{enc(sku)}:enc(loc).
type InstallLane struct {
	Outcome
	Space    string
	Lane     model.LaneKey
	Epoch    int64 // wire epoch
	Seq      int64
	FromSeq  int64 // 0 from reconcile and bootstrap
	Avail    int64
	OnHand   int64
	Reserved int64
	Limit    int64
	At       int64 // decided_at, ms

	Code        InstallCode // result
	StoredEpoch int64       // result: what is stored now
	StoredSeq   int64
	StoredAvail int64
}

// InstallCode is the first number of install.lua's reply.
type InstallCode int64

// The codes.
const (
	Installed        InstallCode = 1  // newer than what was there
	InstalledGap     InstallCode = 2  // newer, and records between are missing: count it
	InstalledMissing InstallCode = 3  // there was nothing (missing is not zero)
	InstalledOver    InstallCode = 4  // what was there was unreadable
	AlreadyInstalled InstallCode = 0  // same epoch, seq not newer: a duplicate or older record
	OlderEpoch       InstallCode = -2 // of an epoch that is over
	WrongType        InstallCode = -8 // the key holds no hash: quarantine
	BadArguments     InstallCode = -9 // an argument is no integer within 2^53-1: nothing written
)

// Applied reports whether the install changed what is stored.
func (c InstallCode) Applied() bool { return c >= Installed }

// RemoveLane deletes the key, whatever its type: the quarantine of a corrupt one.
type RemoveLane struct {
	Outcome
	Space string
	Lane  model.LaneKey
}

// ReadLane reads the hash. Absent is Found false, never zero. A wrong type or an unreadable field is
// ErrContract that names the key.
type ReadLane struct {
	Outcome
	Space string
	Lane  model.LaneKey

	Found    bool
	Epoch    int64
	Seq      int64
	Avail    int64
	OnHand   int64
	Reserved int64
	Limit    int64
	At       int64
}

// WriteBeat stores the truth's time of a heartbeat under Space-dependent key hb:<partition> if it is
// newer.
type WriteBeat struct {
	Outcome
	Space     string
	Partition int32
	At        int64 // ms
}

// ReadBeat reads it back.
type ReadBeat struct {
	Outcome
	Space     string
	Partition int32

	Found bool
	At    int64
}

// ReadReplication identifies the master that owns the lane's slot (INFO replication's
// master_replid): it changes at a failover.
type ReadReplication struct {
	Outcome
	Lane model.LaneKey

	ReplID string
}

// Deduct is the article's script (deduct.lua) on stock:{SKU} and
// idempotent:{SKU}:ORDER.
type Deduct struct {
	Outcome
	SKU   string // byte-exact; no codec, as in the article
	Shard int    // 0 = not sharded; n: stock:{SKU}_n
	Order string
	Qty   string // as it came: the script validates nothing
	TTL   string // seconds, as configured

	Reply     DeductReply
	Remaining int64 // with DeductOK
}

// DeductReply is what the article's script answered.
type DeductReply uint8

// The replies. A Redis error other than the script's two is Outcome.Err.
const (
	DeductOK           DeductReply = iota + 1
	DeductAlready                  // ALREADY_PROCESSED
	DeductInsufficient             // INSUFFICIENT_STOCK
)

// Credit is the mirror image of Deduct (credit.lua): INCRBY under a token with the same TTL.
type Credit struct {
	Outcome
	SKU   string
	Shard int
	Order string
	Qty   string
	TTL   string

	Reply     DeductReply // DeductOK or DeductAlready
	Remaining int64
}

// SetStock is the blind SET of the article's reconciler and bootstrap.
type SetStock struct {
	Outcome
	SKU   string
	Shard int
	Stock int64
}

// GetStock reads stock:{SKU}. A value that is no integer is ErrContract that names the key.
type GetStock struct {
	Outcome
	SKU   string
	Shard int

	Found bool
	Stock int64
}
