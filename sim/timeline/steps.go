package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stockproof/checks"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/workload"
)

// observed takes down what clients and scripts did in this step.
func (t *Timeline) observed(who, late string) {
	told := t.told
	t.told = nil
	for _, e := range told {
		switch x := e.event.(type) {
		case checks.Call:
			t.cell("clients", t.asked(x.Command), false)
		case checks.Return:
			t.cell("clients", t.answer(x), false)
		case checks.Unknown:
			t.cell("clients", t.command(t.calls[x.Attempt])+": no answer", false)
		case checks.Read:
			t.cell("clients", fmt.Sprintf("reads %s: %d", x.Lane.SKU, x.Avail), false)
		case checks.Effect:
			t.effect(who, late, x)
		case checks.Install:
			t.installed(x)
			continue
		default:
			continue
		}
		if t.now != nil {
			t.now.events = append(t.now.events, e.number)
		}
	}
}

// asked is what a client asks for.
func (t *Timeline) asked(c model.Command) string {
	switch c.Kind {
	case model.Reserve:
		return fmt.Sprintf("submit %s: %d %s", t.name(c.OrderID), c.Qty, c.SKU)
	case model.Release:
		return t.command(c)
	case model.Adjust:
		return fmt.Sprintf("adjust %s %+d", c.SKU, c.Delta.Value)
	}
	return strings.ToLower(c.Kind.String()) + fmt.Sprintf(" %d %s", c.Qty, c.SKU)
}

// command is what people call what a command is about.
func (t *Timeline) command(c model.Command) string {
	for _, id := range []model.ID{c.OrderID, c.Ref, c.ID} {
		if name, ok := t.s.Names()[id]; ok && !id.IsZero() {
			if c.Kind == model.Release {
				return "cancel " + t.short(name)
			}
			return t.short(name)
		}
	}
	return strings.ToLower(c.Kind.String()) + " " + string(c.SKU)
}

func (t *Timeline) answer(r checks.Return) string {
	name := t.command(t.calls[r.Attempt])
	switch {
	case r.Refused != "":
		return name + ": refused"
	case r.Decision.Outcome == 0:
		return ""
	}
	return name + ": " + outcome(r.Decision)
}

// outcome is a decision in two words.
func outcome(d model.Decision) string {
	if d.Outcome.Grants() {
		return fmt.Sprintf("%s %d", d.Outcome, d.Granted)
	}
	short, _, _ := strings.Cut(d.Outcome.String(), "_")
	return short
}

// name is what people call an order or a command.
func (t *Timeline) name(id model.ID) string {
	if name, ok := t.s.Names()[id]; ok {
		return t.short(name)
	}
	if name, ok := t.early[id]; ok {
		return name
	}
	return id.String()[:8]
}

// short leaves the line's number out where the order has but one.
func (t *Timeline) short(name string) string {
	order, _, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	for i := range t.s.Config().Workload.Steps {
		if st := &t.s.Config().Workload.Steps[i]; st.Kind == workload.StepCheckout && st.Name == order && len(st.Order.Lines) == 1 {
			return order
		}
	}
	return name
}

// effect is what a script of the article's did.
func (t *Timeline) effect(who, late string, e checks.Effect) {
	t.effects = append(t.effects, e)
	verb := map[checks.EffectKind]string{checks.Deduct: "deduct", checks.Credit: "credit", checks.Set: "set"}[e.Kind]
	if e.Kind == checks.Set {
		t.cell(who, fmt.Sprintf("set %s %d", e.SKU, e.Qty), true)
		t.cell("redis", fmt.Sprintf("%s %d -> %d, blindly%s", e.SKU, e.Before, e.After, late), false)
		return
	}
	t.cell(who, fmt.Sprintf("%s %s x%d", verb, t.name(e.Order), e.Qty), false)
	switch e.Reply {
	case checks.Done:
		t.cell("redis", fmt.Sprintf("%s %d -> %d%s", e.SKU, e.Before, e.After, late), false)
	case checks.Already:
		t.cell("redis", "token "+t.name(e.Order)+": already done", false)
	case checks.Insufficient:
		t.cell("redis", fmt.Sprintf("%s: too few", e.SKU), false)
	}
}

// installed corrects the row of an install that changed nothing: what was there is newer, which is worth a
// row, or the same, which is not.
func (t *Timeline) installed(e checks.Install) {
	if e.Code >= 1 {
		return
	}
	text := ascii(laneState(e.Space, e.Lane, e.Seq, e.Avail))
	last, same := -1, false
	for i := range t.Rows {
		if slices.ContainsFunc(t.Rows[i].Cells, func(c Cell) bool { return c.Column == "redis" && c.Text == text }) {
			last, same = i, last >= 0
		}
	}
	switch {
	case last < 0:
	case same:
		t.remove(last)
	default:
		for j := range t.Rows[last].Cells {
			if c := &t.Rows[last].Cells[j]; c.Column == "redis" {
				c.Text += ": has newer"
			}
		}
	}
}

// laneState is a lane's state in a read model.
func laneState(space string, lane model.LaneKey, seq, avail int64) string {
	where := ""
	if channel, ok := strings.CutPrefix(space, "feed:"); ok {
		where = channel + " "
	}
	return fmt.Sprintf("%s%s seq %d avail %d", where, lane.SKU, seq, avail)
}

// point takes down what a request did that its answer shows.
func (t *Timeline) point(who string, at engine.Point) {
	if at.Actor == nil || at.Actor.Done() {
		return
	}
	c := &at.Call
	batch, _ := c.With.([]port.Statement)
	if at.Phase != engine.Response {
		return
	}
	served := at.Err == nil || at.Fate == engine.LostResponse
	op := c.Server + " " + c.Op
	role := at.Actor.Proc.Role
	switch {
	case op == "postgres tx rollback":
		delete(t.open, at.Actor)
	case op == "postgres tx do" && served:
		t.open[at.Actor] = append(t.open[at.Actor], batch...)
	case op == "postgres tx commit" && served:
		t.statements(who, append(t.open[at.Actor], batch...))
		delete(t.open, at.Actor)
	case op == "postgres do" && served:
		t.statements(who, batch)
	case op == "kafka fetch" && at.Err == nil:
		t.fetched(who, role, c.With)
	case op == "kafka commit" && at.Err == nil && role == "worker":
		t.offset(who, c.Key)
	case strings.HasPrefix(c.Server, "redis") && served:
		t.installing(who, c.With)
	}
	if !served && role != "clients" {
		t.refused(who, c.Op, at.Err)
	}
}

// refused takes down an error of a call that would have had an effect.
func (t *Timeline) refused(who, op string, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrLost) {
		return // a lost request is a fault, which has its row
	}
	names := map[string]string{"tx commit": "commit", "commit": "offset commit", "produce": "send", "deduct": "deduct",
		"credit": "credit", "install": "install", "fetch": "fetch"}
	name, ok := names[op]
	if !ok {
		return
	}
	class := "fails"
	switch {
	case errors.Is(err, port.ErrFenced):
		class = "fenced"
	case errors.Is(err, port.ErrConflict):
		class = "conflict"
	case errors.Is(err, port.ErrUnknown):
		class = "outcome unknown"
	}
	t.cell(who, name+": "+class, false)
}

func (t *Timeline) fetched(who, role string, with any) {
	rs, ok := with.(*[]port.Record)
	if !ok {
		return
	}
	var names []string
	for i := range *rs {
		if label := t.label(&(*rs)[i]); label != "" {
			names = append(names, fmt.Sprintf("%s@%d", label, (*rs)[i].Offset))
		}
	}
	if len(names) > 0 {
		t.cell(who, "fetch "+strings.Join(names, " "), role != "worker")
		t.holds[who] = true
	}
}

// offset takes down an offset commit behind something that is in the picture; key is group/topic/partition.
func (t *Timeline) offset(who, key string) {
	words := strings.Split(key, "/")
	if len(words) != 3 {
		return
	}
	part, err := strconv.ParseInt(words[2], 10, 32)
	if err != nil {
		return
	}
	if at, ok := t.s.Kafka.Committed(words[0], words[1], int32(part)); ok && t.holds[who] {
		t.holds[who] = false
		t.cell(who, fmt.Sprintf("commit offset %d", at.Offset), false)
	}
}

func (t *Timeline) installing(who string, with any) {
	ops, _ := with.([]port.SpeedOp)
	for _, op := range ops {
		if in, ok := op.(*port.InstallLane); ok {
			t.cell(who, fmt.Sprintf("install seq %d", in.Seq), true)
			t.cell("redis", laneState(in.Space, in.Lane, in.Seq, in.Avail), false)
		}
	}
}
