package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"stockproof/inventory/port"
)

// A reply is nil, an int64, a string, a []any of these, or one of the two types below. A client that
// reports a status as a plain string and an error as an error need not build them.
type (
	// Status is a simple string: "OK".
	Status string
	// Error is an error reply, its code first: "WRONGTYPE Operation against ...".
	Error string
)

// Accept puts the server's reply into the operation's results. The error is the operation's: its
// class, what was being done and the key; the caller adds which server it was.
func (c Command) Accept(reply any) error {
	if refused, ok := reply.(Error); ok {
		return c.refuse(string(refused))
	}
	switch o := c.op.(type) {
	case *port.InstallLane:
		return c.acceptInstall(o, reply)
	case *port.ReadLane:
		return c.acceptLane(o, reply)
	case *port.WriteBeat:
		return c.acceptBeat(reply)
	case *port.ReadBeat:
		return c.acceptInteger(reply, &o.Found, &o.At)
	case *port.ReadReplication:
		return c.acceptReplication(o, reply)
	case *port.Deduct:
		o.Reply = port.DeductOK
		return c.acceptStock(reply, &o.Remaining)
	case *port.Credit:
		o.Reply = port.DeductOK
		return c.acceptStock(reply, &o.Remaining)
	case *port.GetStock:
		return c.acceptInteger(reply, &o.Found, &o.Stock)
	}
	return nil // RemoveLane and SetStock have no result
}

// refuse sorts an error reply: the article's two are outcomes, the rest are failures.
func (c Command) refuse(message string) error {
	var reply *port.DeductReply
	switch o := c.op.(type) {
	case *port.Deduct:
		reply = &o.Reply
	case *port.Credit:
		reply = &o.Reply
	}
	if reply != nil {
		switch outcome(message) {
		case "ALREADY_PROCESSED":
			*reply = port.DeductAlready
			return nil
		case "INSUFFICIENT_STOCK":
			*reply = port.DeductInsufficient
			return nil
		}
	}
	return c.Fail(Refusal(message), message)
}

// outcome is the bare text of an error that a script made: Redis 7 puts its own "ERR " before a text
// without a code.
func outcome(message string) string { return strings.TrimPrefix(message, "ERR ") }

// Refusal is the class of an error reply.
//
// A server that is loading, moving a slot, failing over, full or misconfigured refuses before
// anything happened, and will not for ever: unavailable. So is one that does not let us in: the
// record is not to blame, and a dead letter would only hide the alarm. Anything else is about the
// request itself, a wrong type or a script that raised, and stays so: contract.
func Refusal(message string) error {
	code, rest, _ := strings.Cut(message, " ")
	switch code {
	case "LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "READONLY", "BUSY", "OOM", "MISCONF",
		"NOREPLICAS", "MOVED", "ASK", "NOSCRIPT", "NOAUTH", "WRONGPASS", "NOPERM":
		return port.ErrUnavailable
	case "ERR":
		// The second is what a server with a password says to a stranger's longer command.
		if strings.HasPrefix(rest, "max number of clients reached") ||
			strings.HasPrefix(rest, "Protocol error") {
			return port.ErrUnavailable
		}
	}
	return port.ErrContract
}

// Fail is the operation's error of a class: what was being done to which key.
func (c Command) Fail(class error, detail any) error {
	if err, ok := detail.(error); ok { // keep the cause: a cancelled context, a net.Error
		return fmt.Errorf("%s %q: %w: %w", c.Name, c.Key(), class, err)
	}
	return fmt.Errorf("%s %q: %w: %v", c.Name, c.Key(), class, detail)
}

// Worst is the error of a whole call: that of its worst operation. Unknown comes first, then
// unavailable, because the answer to both is to do the whole call again, which is harmless to what
// succeeded; a contract error is reported only when nothing is left to retry, so that nobody parks
// a record whose neighbours merely met a server that was down.
func Worst(ops []port.SpeedOp) error {
	var worst error
	failed := 0
	for _, op := range ops {
		err := op.SpeedOp().Err
		if err == nil {
			continue
		}
		failed++
		if worst == nil || badness(err) > badness(worst) {
			worst = err
		}
	}
	if failed < 2 {
		return worst
	}
	return fmt.Errorf("%d of %d speed operations failed, the worst: %w", failed, len(ops), worst)
}

func badness(err error) int {
	switch {
	case errors.Is(err, port.ErrUnknown):
		return 4
	case errors.Is(err, port.ErrUnavailable):
		return 2
	case errors.Is(err, port.ErrContract):
		return 1
	}
	return 3 // no class: the caller's own context ended
}

// FailAll gives every operation the same error and returns it.
func FailAll(ops []port.SpeedOp, err error) error {
	for _, op := range ops {
		op.SpeedOp().Err = err
	}
	return err
}

// acceptInteger reads the reply of a GET: nil is absent, anything but a decimal integer a contract
// error.
func (c Command) acceptInteger(reply any, found *bool, n *int64) error {
	*found, *n = false, 0
	if reply == nil {
		return nil
	}
	text, ok := bulk(reply)
	if !ok {
		return c.odd(reply)
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return c.Fail(port.ErrContract, fmt.Sprintf("holds %q, which is no integer", text))
	}
	*found, *n = true, v
	return nil
}

// integers reads an array reply of exactly n integers.
func (c Command) integers(reply any, n int) ([]int64, error) {
	list, ok := reply.([]any)
	if !ok || len(list) != n {
		return nil, c.odd(reply)
	}
	out := make([]int64, n)
	for i, v := range list {
		if out[i], ok = v.(int64); !ok {
			return nil, c.odd(reply)
		}
	}
	return out, nil
}

func (c Command) odd(reply any) error {
	return c.Fail(port.ErrContract, fmt.Sprintf("unexpected reply %#v", reply))
}

func bulk(reply any) (string, bool) {
	switch v := reply.(type) {
	case string:
		return v, true
	case Status:
		return string(v), true
	}
	return "", false
}
