package clients

import (
	"container/heap"
	"context"
	"sync"

	"stockproof/inventory/port"
	"stockproof/sim/workload"
)

// agenda hands steps to clients: always the first that is ready, so that a cancel comes soon after its
// order and not behind everything else. Clients wait in the runtime's mailbox and nowhere else, so that
// whoever schedules the runtime schedules them.
type agenda struct {
	steps  []workload.Step
	tokens port.Queue[bool] // one per step that became ready; false: there is nothing more

	mu      sync.Mutex
	ready   intHeap
	waiting []int   // steps that each step still waits for
	next    [][]int // steps that wait for each step
	left    int     // steps that are not done
	clients int
}

func newAgenda(rt port.Runtime, steps []workload.Step, clients int) *agenda {
	a := &agenda{steps: steps, tokens: port.NewQueue[bool](rt, len(steps)+clients),
		waiting: make([]int, len(steps)), next: make([][]int, len(steps)), left: len(steps), clients: clients}
	for i := range steps {
		a.waiting[i] = len(steps[i].After)
		for _, before := range steps[i].After {
			a.next[before] = append(a.next[before], i)
		}
		if a.waiting[i] == 0 {
			a.ready = append(a.ready, i) // in order: a heap already
			a.tokens.Offer(true)
		}
	}
	a.finish()
	return a
}

// take waits for a step; false when all are done.
func (a *agenda) take(ctx context.Context) (int, bool, error) {
	token, err := a.tokens.Receive(ctx, 1, 0)
	if err != nil || !token[0] {
		return 0, false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return heap.Pop(&a.ready).(int), true, nil
}

// done makes ready what waited for the step.
func (a *agenda) done(i int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.next[i] {
		if a.waiting[n]--; a.waiting[n] == 0 {
			heap.Push(&a.ready, n)
			a.tokens.Offer(true)
		}
	}
	a.left--
	a.finish()
}

// finish sends every client home when nothing is left.
func (a *agenda) finish() {
	if a.left > 0 {
		return
	}
	for range a.clients {
		a.tokens.Offer(false)
	}
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
