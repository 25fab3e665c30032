package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"stockproof/adapters/live"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
)

// cast is one play of the same piece: commands of nearly every kind over several lanes, some of which do
// not exist yet, with a rejection, a duplicate, a mismatch, a contract breach and what parks behind it.
// Its names carry the tag, and whether the worker or the synchronous lane plays.
type cast struct {
	*stage
	mode, tag string
}

func (c cast) name(what string) string     { return c.mode + " " + what + "@" + c.tag + "@" }
func (c cast) of(what string) model.ID     { return c.id(c.name(what)) }
func (c cast) sku(letter string) model.SKU { return model.SKU(letter + "@" + c.tag + "@") }

// line is the id of the first line of an order.
func (c cast) line(order string) model.ID {
	return c.named("line of "+c.name(order), inventory.LineID(c.of(order), 1))
}

func (c cast) order(name string, policy model.Policy, lines ...inventory.OrderLine) inventory.Order {
	for i := range lines {
		c.named(fmt.Sprintf("line %d of %s", i+1, c.name(name)), inventory.LineID(c.of(name), int32(i+1)))
	}
	c.line(name)
	return inventory.Order{ID: c.of(name), Policy: policy, Lines: lines}
}

func (c cast) take(letter string, qty int64) inventory.OrderLine {
	return inventory.OrderLine{SKU: c.sku(letter), Qty: qty}
}

func (c cast) command(k model.Kind, name, letter string, qty int64) model.Command {
	return model.Command{ID: c.of(name), Kind: k, SKU: c.sku(letter), Loc: model.MainLocation, Qty: qty}
}

func (c cast) about(k model.Kind, name, letter, order string) model.Command {
	cmd := c.command(k, name, letter, 0)
	cmd.Ref = c.line(order)
	return cmd
}

func (c cast) returned() model.Command {
	back := c.about(model.Return, "return", "A", "sold")
	back.Qty = 2
	return back
}

func (c cast) transfer() model.Command {
	move := c.command(model.Transfer, "transfer", "A", 6)
	move.ToLoc = "annex"
	return move
}

// prepare sets the stage: stock, one order that is sold and three that are held.
func (c cast) prepare() {
	c.Helper()
	ctx, orders := background(c), c.calm.Orders
	for _, restock := range []model.Command{c.command(model.Restock, "A", "A", 100), c.command(model.Restock, "B", "B", 50)} {
		_, err := orders.Submit(ctx, restock)
		c.must(err)
	}
	for _, name := range []string{"sold", "held", "ending", "parked"} {
		_, err := orders.Checkout(ctx, c.order(name, model.Partial, c.take(map[bool]string{true: "B", false: "A"}[name == "parked"], 3)))
		c.must(err)
	}
	_, _, err := orders.Commit(ctx, c.of("sold"))
	c.must(err)
	if c.mode == "worker" {
		c.accept()
	} else { // a letter about the parked order's line: what the lane is asked about it waits
		do(c, c.direct, &port.InsertDead{Rows: []port.DeadRow{{Topic: c.of("letter"), Command: c.of("broken"),
			Chain: c.line("parked"), Class: port.DeadContract, Key: []byte(c.sku("B")), State: port.DeadOpen}}})
	}
}

// accept takes in through intake what the worker will decide, and puts it into the topic.
func (c cast) accept() {
	c.Helper()
	ctx, orders := background(c), c.intake.Orders
	fresh := c.order("fresh", model.Partial, c.take("A", 4), c.take("B", 1))
	greedy := c.order("greedy", model.AllOrNothing, c.take("A", 100_000))
	for _, o := range []inventory.Order{fresh, greedy} {
		_, err := orders.Checkout(ctx, o)
		c.must(err)
	}
	others := []model.Command{c.about(model.Release, "release", "A", "held"), c.returned(),
		c.command(model.Restock, "C", "C", 7), c.transfer(),
		c.about(model.Commit, "broken", "B", "parked"), c.about(model.Release, "behind", "B", "parked")}
	for _, cmd := range others {
		_, err := orders.Admission.Admit(ctx, inventory.Submission{Commands: []model.Command{cmd}})
		c.must(err)
	}
	line := func(o inventory.Order, n int32) model.Command { return c.stored(inventory.LineID(o.ID, n)) }
	first := c.record("A", line(fresh, 1), line(greedy, 1), others[0])
	broken := c.record("B", line(fresh, 2), others[4])
	broken.Value = bytes.Replace(broken.Value, []byte(`"COMMIT"`), []byte(`"COMIT"`), 1)
	c.must(c.kafka.Client("intake").Produce(ctx, first, c.record("A", others[1], others[3]), broken, first,
		c.record("C", others[2]), c.record("B", others[5], c.command(model.Restock, "nobody's", "B", 1))))
	c.sent += 6
}

// stored is a command as intake stored it.
func (c cast) stored(id model.ID) model.Command {
	c.Helper()
	known := &port.KnownCommands{IDs: []model.ID{id}}
	do(c, c.direct, known)
	cmd, err := model.DecodeCommand(known.Rows[0].Body)
	c.must(err)
	return cmd
}

func (c cast) record(letter string, cs ...model.Command) port.Record {
	return port.Record{Topic: model.CommandTopic, Key: []byte(c.sku(letter)),
		Value: model.EncodeCommandRecord(model.CommandRecord{IntakeEpoch: 1, IntakeXID: 1, Commands: cs})}
}

// play lets the worker or the lane decide over a truth, and says what clients heard.
func (c cast) play(truth port.Truth) (heard string) {
	c.Helper()
	if c.mode == "worker" {
		consumer := c.worker("worker", truth)
		end := c.start(consumer)
		c.settled()
		// Whatever it went through, it goes on: with what is decided already, as a duplicate.
		c.must(c.kafka.Client("again").Produce(background(c), c.record("C", c.stored(c.of("C")))))
		c.sent++
		c.settled()
		end()
		c.kafka.Evict(consumer.Group, "worker") // or the next one waits for its session to time out
		return ""
	}
	return c.ask(truth)()
}

// ask puts all questions to a lane of its own, in one order, before it answers the first: they are one
// group commit. The returned function waits for the answers.
func (c cast) ask(truth port.Truth) (answers func() string) {
	c.Helper()
	rt := queued{live.Runtime{}, make(chan struct{}, 1)}
	front := c.front(inventory.Sync, truth, rt)
	submit := func(cmd model.Command) func(context.Context) ([]inventory.Answer, error) {
		return func(ctx context.Context) ([]inventory.Answer, error) {
			a, err := front.Orders.Submit(ctx, cmd)
			return []inventory.Answer{a}, err
		}
	}
	checkout := func(o inventory.Order) func(context.Context) ([]inventory.Answer, error) {
		return func(ctx context.Context) ([]inventory.Answer, error) { return front.Orders.Checkout(ctx, o) }
	}
	conclude := func(how func(context.Context, model.ID) (port.Saga, []inventory.Answer, error), name string) func(context.Context) ([]inventory.Answer, error) {
		return func(ctx context.Context) ([]inventory.Answer, error) {
			_, as, err := how(ctx, c.of(name))
			return as, err
		}
	}
	fresh := c.order("fresh", model.AllOrNothing, c.take("A", 4), c.take("B", 1))
	questions := []func(context.Context) ([]inventory.Answer, error){checkout(fresh),
		checkout(c.order("greedy", model.AllOrNothing, c.take("A", 100_000))), conclude(front.Orders.Cancel, "held"),
		submit(c.returned()), submit(c.command(model.Restock, "C", "C", 7)), submit(c.transfer()),
		conclude(front.Orders.Commit, "ending"), conclude(front.Orders.Cancel, "parked"), checkout(fresh),
		submit(c.command(model.Restock, "A", "A", 99))}
	heard := make([]chan string, len(questions))
	ctx := background(c)
	for i, question := range questions {
		heard[i] = make(chan string, 1)
		go func() {
			as, err := question(ctx)
			text := fmt.Sprint(err)
			for _, a := range as {
				text += fmt.Sprintf("; %s %s %d", a.Status, a.Outcome, a.Granted)
			}
			heard[i] <- text
		}()
		select {
		case <-rt.sent:
		case text := <-heard[i]:
			c.Fatalf("question %d was answered before anybody ran: %s", i, text)
		}
	}
	end := c.start(front.Process)
	return func() string {
		defer end()
		var all []string
		for i := range heard {
			all = append(all, <-heard[i])
		}
		return strings.Join(all, "\n")
	}
}
