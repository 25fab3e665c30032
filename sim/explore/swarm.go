package explore

import (
	"slices"
	"strconv"
	"time"

	"stockproof/sim"
	"stockproof/sim/random"
)

// A swarm is the kinds of fault that one execution may use: each is in it or not, so that rare kinds meet alone as well as
// together. Every kind draws from a stream of its own, by its name: whether it is in the swarm, and for each fault of the
// execution a ticket. The lowest ticket of the swarm makes the fault, out of a stream that the ticket begins. So a kind more
// changes nothing but the faults that it makes itself: what other kinds draw stays what it was, and what they make, too,
// wherever the new one does not stand in their place.

// swarmKind is a kind of fault as a campaign draws it.
type swarmKind struct {
	sim.FaultKind
	seed uint64 // of the streams that it draws from, one for each execution
}

// swarmKinds are the kinds of a campaign, each once: in whichever order they are named, they draw the same.
func swarmKinds(seed uint64, names []string) (kinds []swarmKind) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if kind, ok := sim.FindFaultKind(name); ok {
			kinds = append(kinds, swarmKind{kind, random.Stream(seed, "faults of kind "+name).Uint64()})
		}
	}
	return kinds
}

// spans are the times that faults with a duration take.
var spans = [...]time.Duration{time.Second, 15 * time.Second, time.Minute, 25 * time.Hour}

// drawFaults draws the faults of execution n, so many; none where no kind is in its swarm.
func (k *campaign) drawFaults(n, faults int) (fs []sim.Fault) {
	if faults == 0 || len(k.marks.all) == 0 {
		return nil
	}
	best := make([]struct {
		ticket uint64
		kind   *swarmKind
	}, faults)
	number := strconv.Itoa(n)
	for i := range k.swarm {
		r := random.Stream(k.swarm[i].seed, number)
		if r.Intn(2) == 1 {
			continue
		}
		for j := range best {
			if ticket := r.Uint64(); best[j].kind == nil || ticket < best[j].ticket {
				best[j].ticket, best[j].kind = ticket, &k.swarm[i]
			}
		}
	}
	if best[0].kind == nil {
		return nil
	}
	for j, b := range best {
		fs = append(fs, k.drawFault(random.Stream(b.ticket, "fault"), &b.kind.FaultKind, j > 0))
	}
	return fs
}

func (k *campaign) drawFault(r *random.Rand, kind *sim.FaultKind, mayFollow bool) sim.Fault {
	f := sim.Fault{Kind: kind.Name}
	mark := k.marks.all[r.Intn(len(k.marks.all))]
	if slices.Contains(kind.Keys, "role") {
		for mark.role == "clients" {
			mark = k.marks.all[r.Intn(len(k.marks.all))]
		}
		f.Role = mark.role
	}
	if kind.OfRequest() || !mayFollow || r.Intn(3) > 0 {
		f.When = sim.Trigger{Role: mark.role, Point: mark.point, Before: r.Intn(2) == 0, Nth: 1 + r.Intn(mark.count+1)}
	}
	if slices.Contains(kind.Keys, "by") {
		f.By = spans[r.Intn(len(spans))]
	}
	if slices.Contains(kind.Keys, "n") {
		f.N = 1 + r.Intn(3)
	}
	if slices.Contains(kind.Keys, "lose") {
		f.Lose = r.Intn(4)
	}
	if slices.Contains(kind.Keys, "skew") && r.Intn(4) == 0 {
		f.Skew = spans[len(spans)-1]
	}
	if len(kind.Forms) > 0 {
		f.Form = kind.Forms[r.Intn(len(kind.Forms))]
	}
	// Most of what a design does hangs on its commands, which is the topic of faults that name none.
	if topics := k.Design.Topics; slices.Contains(kind.Keys, "topic") && len(topics) > 0 && r.Intn(2) == 0 {
		f.Topic = topics[r.Intn(len(topics))].Name
	}
	return f
}
