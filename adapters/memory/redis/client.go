package redis

import (
	"context"
	"fmt"

	"stockproof/adapters/memory"
	"stockproof/adapters/redis/command"
	"stockproof/inventory/port"
)

// client is what adapters/redis and the go-redis below it are to the port: one pipeline to each
// master that owns a key; MOVED and ASK are followed, at most three times; a script that a master does
// not know is sent again, with its source, in a second pipeline, behind all that was in the first.
// TRYAGAIN and every other refusal goes to the caller at once: the adapter asks go-redis not to send
// anything twice. What go-redis waits before it follows a redirection takes no time here.
type client struct {
	r       *Server
	process string
	slots   *slotTable // as it knows them; nil: shared evenly. The gate guards it
}

// known is the table that this client goes by.
func (c *client) known() *slotTable {
	if c.r.masters <= 1 {
		return nil
	}
	var slots *slotTable
	c.r.gate.Local(func() { slots = c.slots })
	return slots
}

// maxRedirects is go-redis's default.
const maxRedirects = 3

// request is a command on its way.
type request struct {
	cmd    *command.Command
	op     int // its place among the caller's operations
	slot   int
	node   int  // the master it goes to next
	asking bool // behind ASKING
	source bool // EVAL, not EVALSHA
	due    bool // it has to be sent
	reply  any
	err    error // there is no reply
}

type requests []request

// Do implements [port.Speed]: one call to each master that owns a key, in the masters' order.
func (c *client) Do(ctx context.Context, ops ...port.SpeedOp) error {
	cmds, err := command.All(ops)
	if err != nil {
		return command.FailAll(ops, err)
	}
	qs := make(requests, len(cmds))
	slots := c.known()
	for i := range qs {
		qs[i] = request{cmd: &cmds[i], op: i}
		c.send(&qs[i], slots)
	}
	c.pipeline(ctx, qs, ops)
	if c.unknown(qs) {
		c.pipeline(ctx, qs, ops)
	}
	for i := range qs {
		ops[i].SpeedOp().Err = c.accept(&qs[i])
	}
	return command.Worst(ops)
}

// send makes a request due at the master that this client takes for its key's owner.
func (c *client) send(q *request, slots *slotTable) {
	q.asking, q.due = false, true
	if c.r.masters > 0 {
		q.slot = command.Slot(q.cmd.Key())
		q.node = slots.owner(q.slot, c.r.masters)
	}
}

// unknown makes the scripts due once more that their master did not know.
func (c *client) unknown(qs requests) (any bool) {
	for i := range qs {
		if q := &qs[i]; q.err == nil && q.reply == noScriptError {
			q.source, any = true, true
			c.send(q, c.known())
		}
	}
	return any
}

// pipeline sends what is due and follows redirections. What is redirected once too often keeps the
// redirection as its reply.
func (c *client) pipeline(ctx context.Context, qs requests, ops []port.SpeedOp) {
	for range 1 + maxRedirects {
		for node := range c.r.names {
			c.round(ctx, node, qs, ops)
		}
		if !c.redirected(qs) {
			return
		}
	}
}

func (c *client) redirected(qs requests) (any bool) {
	for i := range qs {
		q := &qs[i]
		to, ok := q.reply.(*redirect)
		if !ok || q.err != nil {
			continue
		}
		any = true
		q.node, q.asking, q.due = to.node, to.ask, true
		if !to.ask {
			// go-redis asks for them in the background
			c.r.gate.Local(func() { c.slots = to.slots })
		}
	}
	return any
}

// round is the round trip to one master. The server fills only the replies of this attempt: a request
// that arrives late finds nobody's operations.
func (c *client) round(ctx context.Context, node int, qs requests, ops []port.SpeedOp) {
	var sent requests
	for i := range qs {
		if !qs[i].due || qs[i].node != node {
			continue
		}
		if sent == nil {
			sent = make(requests, 0, len(qs)-i)
		}
		sent = append(sent, qs[i])
	}
	if sent == nil {
		return
	}
	first := sent[0].cmd
	call := memory.Call{Server: c.r.names[node], Op: first.Name, Key: first.Key(), With: about(sent, ops), Answer: &sent}
	err := c.r.gate.Call(ctx, call, func() error { return c.arrive(node, sent) })
	for i := range sent {
		q := &qs[sent[i].op]
		q.due, q.reply, q.err = false, nil, err
		if err == nil {
			q.reply = sent[i].reply
		}
	}
}

// about is the operations that requests are made of.
func about(sent requests, ops []port.SpeedOp) []port.SpeedOp {
	if len(sent) == len(ops) {
		return ops
	}
	some := make([]port.SpeedOp, len(sent))
	for i := range sent {
		some[i] = ops[sent[i].op]
	}
	return some
}

// arrive is the pipeline at the server. Replies leave when all of it has run: a master that goes in
// between takes them all with it, whatever it did.
func (c *client) arrive(node int, sent requests) error {
	n := c.r.master(node, c.process)
	life := n.life
	for i := range sent {
		if i > 0 {
			c.r.gate.Between() // a pipeline is not atomic
			if c.r.master(node, c.process) != n || n.life != life {
				return fmt.Errorf("the server was lost after %d of %d commands: %w",
					i, len(sent), port.ErrUnknown)
			}
		}
		sent[i].reply = n.serve(&sent[i])
	}
	return nil
}

// accept puts the reply of one request into its operation.
func (c *client) accept(q *request) error {
	var failed error
	if q.err != nil {
		failed = fmt.Errorf("%s %q: %w", q.cmd.Name, q.cmd.Key(), q.err)
	} else {
		reply := q.reply
		if to, ok := reply.(*redirect); ok {
			reply = to.text(c.r)
		}
		failed = q.cmd.Accept(reply)
	}
	if failed == nil {
		return nil
	}
	return fmt.Errorf("redis %s: %w", c.r.names[q.node], failed)
}
