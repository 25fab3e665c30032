package command_test

import (
	"errors"
	"strings"
	"testing"

	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
	"stockproof/model"
)

// The classes of what a server refuses. Texts: Redis 7.0.15.
func TestRefusalsAreSortedByTheirCode(t *testing.T) {
	for message, want := range map[string]error{
		"LOADING Redis is loading the dataset in memory":                                      port.ErrUnavailable,
		"CLUSTERDOWN The cluster is down":                                                     port.ErrUnavailable,
		"TRYAGAIN Multiple keys request during rehashing of slot":                             port.ErrUnavailable,
		"MASTERDOWN Link with MASTER is down":                                                 port.ErrUnavailable,
		"READONLY You can't write against a read only replica.":                               port.ErrUnavailable,
		"BUSY Redis is busy running a script.":                                                port.ErrUnavailable,
		"OOM command not allowed when used memory > 'maxmemory'.":                             port.ErrUnavailable,
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable":        port.ErrUnavailable,
		"NOREPLICAS Not enough good replicas to write.":                                       port.ErrUnavailable,
		"NOSCRIPT No matching script. Please use EVAL.":                                       port.ErrUnavailable,
		"MOVED 3999 127.0.0.1:6381":                                                           port.ErrUnavailable,
		"NOAUTH Authentication required.":                                                     port.ErrUnavailable,
		"ERR max number of clients reached":                                                   port.ErrUnavailable,
		"ERR Protocol error: unauthenticated multibulk length":                                port.ErrUnavailable,
		"WRONGTYPE Operation against a key holding the wrong kind of value":                   port.ErrContract,
		"CROSSSLOT Keys in request don't hash to the same slot":                               port.ErrContract,
		"ERR user_script:9: attempt to compare nil with number":                               port.ErrContract,
		"ERR value is not an integer or out of range script: 4f, on @user_script:18.":         port.ErrContract,
		"LOADINGX is nobody's code":                                                           port.ErrContract,
		"ERR a text that only mentions OOM and LOADING is about the request, not the server.": port.ErrContract,
	} {
		if got := command.Refusal(message); got != want {
			t.Errorf("%q is %v, want %v", message, got, want)
		}
	}
}

// The article's outcomes are values, with and without the ERR that Redis 7 puts before them; to any
// other operation they are errors.
func TestArticleOutcomesAreValues(t *testing.T) {
	for text, want := range map[command.Error]port.DeductReply{
		"ALREADY_PROCESSED": port.DeductAlready, "ERR ALREADY_PROCESSED": port.DeductAlready,
		"INSUFFICIENT_STOCK": port.DeductInsufficient, "ERR INSUFFICIENT_STOCK": port.DeductInsufficient,
	} {
		op := &port.Deduct{SKU: "A", Order: "o"}
		if err := accept(t, op, text); err != nil || op.Reply != want {
			t.Errorf("%q: reply %d, %v", text, op.Reply, err)
		}
		if err := accept(t, &port.GetStock{SKU: "A"}, text); !errors.Is(err, port.ErrContract) {
			t.Errorf("%q to a read: %v", text, err)
		}
	}
}

// A reply that no Redis of ours gives is an error, never a panic and never a zero.
func TestOddRepliesAreContractErrors(t *testing.T) {
	lane := model.LaneKey{SKU: "A", Loc: "main"}
	for _, op := range []func() port.SpeedOp{
		func() port.SpeedOp { return &port.InstallLane{Space: "inv", Lane: lane} },
		func() port.SpeedOp { return &port.ReadLane{Space: "inv", Lane: lane} },
		func() port.SpeedOp { return &port.WriteBeat{Space: "inv"} },
		func() port.SpeedOp { return &port.ReadBeat{Space: "inv"} },
		func() port.SpeedOp { return &port.ReadReplication{Lane: lane} },
		func() port.SpeedOp { return &port.Deduct{SKU: "A"} },
		func() port.SpeedOp { return &port.Credit{SKU: "A"} },
		func() port.SpeedOp { return &port.GetStock{SKU: "A"} },
	} {
		for _, reply := range []any{[]any{}, []any{int64(1)}, []any{"1", "2", "3", "4"}, 1.5, []any{nil, int64(1)}, []any{1, 2, 3, 4, 5, 6, 7, 8}} {
			o := op()
			if err := accept(t, o, reply); !errors.Is(err, port.ErrContract) || !strings.Contains(err.Error(), "unexpected reply") {
				t.Errorf("%T took %#v: %v", o, reply, err)
			}
		}
	}
}

type stranger struct{ port.Outcome }

func TestAnUnknownOperationIsABug(t *testing.T) {
	if _, err := command.For(&stranger{}); err == nil || port.Class(err) != nil {
		t.Errorf("got %v, want an error of no class", err)
	}
}

func accept(t *testing.T, op port.SpeedOp, reply any) error {
	t.Helper()
	c, err := command.For(op)
	if err != nil {
		t.Fatal(err)
	}
	return c.Accept(reply)
}
