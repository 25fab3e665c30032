package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"stockproof/inventory/port"
	"stockproof/model"
)

// SpeedBed is one empty speed layer under test, with the handles that put it into a state and look
// behind the port.
type SpeedBed struct {
	Speed port.Speed
	// Raw runs a command as redis-cli would, on the server that owns args[1].
	Raw func(args ...string) (any, error)
	// Expire lets the life of a key run out, its TTL being at most 86400 s.
	Expire func(key string)
	// ForgetScripts makes the server forget every script, as a restart does; nil where there is
	// nothing to forget.
	ForgetScripts func()
	// Servers are the names of which every error must carry one.
	Servers []string
	// PlainLua says that the scripts' tonumber is not C's: gopher-lua's as it comes, in miniredis,
	// reads neither "1e1" nor "inf" nor an integer beyond int64.
	PlainLua bool
}

// Speed is the contract of [port.Speed] as the production code relies on it. open gives an empty
// bed; it is called once per case.
func Speed(t *testing.T, open func(t *testing.T) *SpeedBed) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, bed *SpeedBed)
	}{
		{"install is a compare-and-set on epoch and seq", installCompares},
		{"install repairs what is unreadable and leaves another type alone", installRepairs},
		{"install refuses what a Lua number cannot hold", installRefuses},
		{"an absent lane is absent and not zero", absentIsNotZero},
		{"a corrupt lane is a contract error that names key and server", corruptIsNamed},
		{"lanes of any bytes are keys of their own", lanesOfAnyBytes},
		{"a feed shares nothing with the speed layer", feedsAreApart},
		{"a heartbeat only grows", beatsGrow},
		{"a master has a replication id", replicationID},
		{"every operation of a call has its own end", ownEnds},
		{"a forgotten script is sent again and runs once", scriptsAreSentAgain},
		{"deduct and credit, every branch", articleBranches},
		{"deduct fails half way and does not roll back", deductHasNoRollback},
		{"deduct takes what tonumber takes", deductTakesNumbers},
		{"a token protects until it expires", tokenExpires},
		{"stock is set blindly and read strictly", blindStock},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// do runs ops and fails the test on an error.
func (b *SpeedBed) do(t *testing.T, ops ...port.SpeedOp) {
	t.Helper()
	if err := b.Speed.Do(context.Background(), ops...); err != nil {
		t.Fatalf("Do: %v", err)
	}
}

// refused runs one operation that must end in a contract error naming key and server.
func (b *SpeedBed) refused(t *testing.T, op port.SpeedOp, key string, words ...string) {
	t.Helper()
	err := b.Speed.Do(context.Background(), op)
	if !errors.Is(err, port.ErrContract) || !errors.Is(op.SpeedOp().Err, port.ErrContract) {
		t.Fatalf("want a contract error, got %v (the operation's: %v)", err, op.SpeedOp().Err)
	}
	for _, w := range append(words, fmt.Sprintf("%q", key)) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %s: %v", w, err)
		}
	}
	b.namesServer(t, err)
}

func (b *SpeedBed) namesServer(t *testing.T, err error) {
	t.Helper()
	for _, s := range b.Servers {
		if strings.Contains(err.Error(), s) {
			return
		}
	}
	t.Errorf("the error names none of %v: %v", b.Servers, err)
}

// raw runs a command that must succeed.
func (b *SpeedBed) raw(t *testing.T, args ...string) any {
	t.Helper()
	reply, err := b.Raw(args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return reply
}

// holds checks the value of a string key; "" is absent.
func (b *SpeedBed) holds(t *testing.T, key, want string) {
	t.Helper()
	got := b.raw(t, "GET", key)
	if got == nil {
		got = ""
	}
	if got != want {
		t.Errorf("%s holds %q, want %q", key, got, want)
	}
}

var lane = model.LaneKey{SKU: "SKU-101", Loc: model.MainLocation}

const laneKey = "inv:{SKU-101}:main"

func install(epoch, seq, from, avail int64) *port.InstallLane {
	return &port.InstallLane{Space: port.SpeedSpace, Lane: lane, Epoch: epoch, Seq: seq, FromSeq: from,
		Avail: avail, OnHand: avail + 3, Reserved: 3, Limit: 7, At: 1_700_000_000_123}
}
