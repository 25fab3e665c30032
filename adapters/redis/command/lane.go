package command

import (
	"fmt"
	"strconv"

	"stockproof/inventory/port"
	"stockproof/model"
)

// laneFormat is the format of the hash, its field ver.
const laneFormat = 1

// laneFields are the fields of the hash, in the order in which [readLane] asks for them.
var laneFields = [...]string{"e", "s", "a", "on_hand", "reserved", "limit", "at", "ver"}

func installLane(o *port.InstallLane) Command {
	return script("install", o, Install, []string{LaneKey(o.Space, o.Lane)},
		number(o.Epoch), number(o.Seq), number(o.FromSeq), number(o.Avail), number(o.OnHand),
		number(o.Reserved), number(o.Limit), number(laneFormat), number(o.At))
}

func (c Command) acceptInstall(o *port.InstallLane, reply any) error {
	v, err := c.integers(reply, 4)
	if err != nil {
		return err
	}
	o.Code, o.StoredEpoch, o.StoredSeq, o.StoredAvail = port.InstallCode(v[0]), v[1], v[2], v[3]
	return nil
}

func readLane(o *port.ReadLane) Command {
	return plain("read", o, "HMGET", LaneKey(o.Space, o.Lane), laneFields[:]...)
}

// acceptLane reads the hash. All fields absent is an absent lane; some absent, or one unreadable, is
// a corrupt one, and never a zero.
func (c Command) acceptLane(o *port.ReadLane, reply any) error {
	list, ok := reply.([]any)
	if !ok || len(list) != len(laneFields) {
		return c.odd(reply)
	}
	o.Found = false
	var n [len(laneFields)]int64
	absent := 0
	for i, v := range list {
		if v == nil {
			absent++
			continue
		}
		text, ok := bulk(v)
		if !ok {
			return c.odd(reply)
		}
		var err error
		n[i], err = strconv.ParseInt(text, 10, 64)
		if err != nil || model.CheckNumber("", n[i], -model.MaxNumber) != nil {
			return c.Fail(port.ErrContract,
				fmt.Sprintf("field %s holds %q, which is no integer within 2^53-1", laneFields[i], text))
		}
	}
	switch {
	case absent == len(list):
		return nil
	case absent > 0:
		return c.Fail(port.ErrContract, fmt.Sprintf("%d of %d fields are missing", absent, len(list)))
	case n[7] != laneFormat:
		return c.Fail(port.ErrContract, fmt.Sprintf("format %d of the hash is unknown", n[7]))
	}
	o.Found = true
	o.Epoch, o.Seq, o.Avail, o.OnHand, o.Reserved, o.Limit, o.At = n[0], n[1], n[2], n[3], n[4], n[5], n[6]
	return nil
}

// acceptBeat reads beat.lua's code: a heartbeat has no results, so a refused one is an error.
func (c Command) acceptBeat(reply any) error {
	v, err := c.integers(reply, 2)
	if err != nil {
		return err
	}
	switch port.InstallCode(v[0]) {
	case port.WrongType:
		return c.Fail(port.ErrContract, "WRONGTYPE the key holds no string")
	case port.BadArguments:
		return c.Fail(port.ErrContract, fmt.Sprintf("%s is no time within 2^53-1 ms", c.Args[0]))
	}
	return nil
}
