package checks_test

import (
	"math/rand/v2"
	"slices"

	"stockproof/checks/linear"
)

// sale is the history of one hot SKU and what its server wrote down.
type sale struct {
	ops    []linear.Op // in the order of their calls
	spec   linear.Spec
	ledger []linear.Entry
}

// gap is the time between two calls, in microseconds.
const gap = 10

// flashSale has n operations by that many clients, each of which sends its next request when it has its answer or
// gives up on it; of every hundred answers that many are lost, of operations that were done and of others alike.
// sequenced: refusals take versions too, as in a ledger of every command. The server is correct: it decides in the order in which requests reach it. Most operations take 1 to 3 units; there
// are reads, retries, cancels and a restock now and then, so that stock runs out and comes back.
func flashSale(n, clients, lost int, sequenced bool) sale {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	s := sale{ops: make([]linear.Op, n), ledger: make([]linear.Entry, 0, n)}
	s.spec.Initial.Stock, s.spec.Sequenced = int64(n)/4, sequenced
	window := int64(clients) * gap // from one call of a client to its next
	arrives := make([]int64, n)
	for i := range s.ops {
		s.ops[i] = request(r, s.ops[:i])
		s.ops[i].Client = int32(i % clients)
		arrives[i] = s.ops[i].Call + r.Int64N(window/2)
		s.ops[i].Return = arrives[i] + r.Int64N(window/2)
	}
	server := server{sale: &s, units: make([]int32, n), seq: make([]int64, n), left: make([]int64, n), stock: s.spec.Initial.Stock}
	for _, i := range byArrival(arrives) {
		op := &s.ops[i]
		unanswered := r.IntN(100) < lost
		if unanswered && r.IntN(2) == 0 {
			op.Return, op.Outcome = linear.Open, linear.Unknown
			continue // it never arrives
		}
		asked := *op
		server.decide(op)
		if unanswered {
			*op = asked
			op.Return = linear.Open
		}
	}
	return s
}

// request is the i-th of the sale, given those before it.
func request(r *rand.Rand, asked []linear.Op) linear.Op {
	i := int64(len(asked))
	op := linear.NewOp(linear.Deduct, 1+r.Int64N(3), i*gap)
	op.ID = i
	earlier := max(0, i-1000-r.Int64N(1000))
	ordered := i > 2000 && asked[earlier].Kind == linear.Deduct && asked[earlier].ID == earlier
	switch kind := r.IntN(100); {
	case kind < 8:
		op.Kind, op.ID, op.Qty = linear.Read, linear.Absent, 0
	case kind < 10 && ordered:
		op.ID, op.Qty = earlier, asked[earlier].Qty
	case kind < 15 && ordered:
		op.Kind, op.Arg, op.Qty = linear.Cancel, earlier, linear.Absent
	case kind == 15:
		op.Kind, op.Qty = linear.Restock, 1+r.Int64N(300)
	}
	return op
}

// byArrival is the order in which requests reach the server: a counting sort, for arrivals are dense.
func byArrival(arrives []int64) []int32 {
	buckets := make([]int32, slices.Max(arrives)/gap+2)
	for _, at := range arrives {
		buckets[at/gap+1]++
	}
	for b := 1; b < len(buckets); b++ {
		buckets[b] += buckets[b-1]
	}
	next := slices.Clone(buckets)
	order := make([]int32, len(arrives))
	for i, at := range arrives {
		order[next[at/gap]] = int32(i)
		next[at/gap]++
	}
	for b := range len(buckets) - 1 {
		slices.SortFunc(order[buckets[b]:buckets[b+1]], func(x, y int32) int { return int(arrives[x] - arrives[y]) })
	}
	return order
}

// server is the correct one: what it answered is remembered by id.
type server struct {
	*sale
	units []int32 // by id: what a deduction took; -1: given back
	seq   []int64 // by id: the version it took; 0: none
	left  []int64 // by id: the stock after it
	stock int64
}

// decide carries out one request and answers it.
func (s *server) decide(op *linear.Op) {
	op.Outcome = linear.OK
	delta := int64(0)
	switch {
	case op.Kind == linear.Read:
	case s.seq[op.ID] != 0:
		op.Outcome, op.Seq, op.Remaining = linear.Duplicate, s.seq[op.ID], s.left[op.ID]
		return
	case op.Kind == linear.Restock:
		delta = op.Qty
	case op.Kind == linear.Cancel:
		delta = int64(max(0, s.units[op.Arg]))
		if delta == 0 {
			op.Outcome = linear.NoEffect
		}
	case s.stock < op.Qty:
		op.Outcome = linear.Rejected
	default:
		delta = -op.Qty
	}
	op.Remaining, op.Seq = s.stock, int64(len(s.ledger))
	if op.Kind == linear.Read || op.Outcome != linear.OK && !s.spec.Sequenced {
		return
	}
	s.stock += delta
	op.Seq, op.Remaining = op.Seq+1, s.stock
	s.seq[op.ID], s.left[op.ID] = op.Seq, s.stock
	if op.Kind == linear.Deduct && op.Outcome == linear.OK {
		s.units[op.ID] = int32(op.Qty)
	} else if op.Kind == linear.Cancel && op.Outcome == linear.OK {
		s.units[op.Arg] = -1
	}
	s.ledger = append(s.ledger, linear.Entry{Seq: op.Seq, ID: op.ID, Qty: op.Qty, Delta: delta, Stock: s.stock, Kind: op.Kind, Arg: op.Arg,
		Outcome: op.Outcome})
}
