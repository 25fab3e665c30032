package checks

import (
	"fmt"
	"slices"
	"time"

	"stockproof/checks/linear"
	"stockproof/model"
)

// Commit is a commit point that a simulator saw: a decision became visible in the truth.
type Commit struct {
	Lane    model.LaneKey
	Seq     int64
	Command model.ID
	At      int64 // microseconds of the clients' clock
}

// Judge is one of several that are asked the same question: are these decisions of a lane linearizable?
type LaneJudge struct {
	Name  string
	Judge func(LaneDecisions) (linear.Verdict, string)
}

// LaneDecisions are the decisions of one lane, its reads left out, with where each took effect.
type LaneDecisions struct {
	Ops     []linear.Op
	Commits []int32 // indexes into Ops, in the order in which they became visible
	At      []int64 // of each commit
}

// Triangulation bounds what is asked of porcupine, which is lost on long lanes.
type Triangulation struct {
	Operations int           // of a lane, at most; 0: 300
	Timeout    time.Duration // of a lane; 0: 2 s
	Total      time.Duration // of all lanes of a run, beyond which the rest are not searched; 0: no bound
}

// OfLongRuns is a triangulation of a run or a history of any size: porcupine is asked of what it can answer in a few
// seconds in all, and of nothing else.
func OfLongRuns() Triangulation {
	return Triangulation{Operations: 100, Timeout: 100 * time.Millisecond, Total: 3 * time.Second}
}

// Told are the judges that need only what was told, where nobody saw the commit points.
func (t Triangulation) Told() []LaneJudge { return t.Judges()[1:] }

// Judges are the three: the witness replays the commit points that the simulator saw, the versions are those of
// the answers, and porcupine searches. The witness knows what happened, the others only what was told; on a run
// of the simulator all must say the same. With a Total they are of one run; without one, many runs may share them.
func (t Triangulation) Judges() []LaneJudge {
	spec := linear.Spec{Sequenced: true}
	most, timeout := t.Operations, t.Timeout
	if most == 0 {
		most = 300
	}
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	var spent time.Duration
	return []LaneJudge{
		{"witness", func(d LaneDecisions) (linear.Verdict, string) { return d.witness(spec) }},
		{"versions", func(d LaneDecisions) (linear.Verdict, string) {
			r, _ := linear.Versioned(d.Ops, spec, linear.Options{})
			return r.Verdict, r.Why
		}},
		{"porcupine", func(d LaneDecisions) (linear.Verdict, string) {
			if len(d.Ops) > most {
				return linear.Undecided, fmt.Sprintf("%d operations are more than %d", len(d.Ops), most)
			}
			if t.Total > 0 {
				if spent > t.Total {
					return linear.Undecided, fmt.Sprintf("%s were spent on other lanes", t.Total)
				}
				began := time.Now()
				defer func() { spent += time.Since(began) }()
			}
			return linear.Porcupine(d.Ops, spec, timeout), "a search of all orders"
		}},
	}
}

// witness is the order of the commit points, replayed; each must lie between a call and its answer.
func (d LaneDecisions) witness(spec linear.Spec) (linear.Verdict, string) {
	order := make(linear.Linearization, len(d.Commits))
	for n, i := range d.Commits {
		op := &d.Ops[i]
		if d.At[n] < op.Call || d.At[n] > op.Return {
			return linear.Fail, fmt.Sprintf("%v took effect at %d", *op, d.At[n])
		}
		order[n] = i
	}
	if err := order.Verify(spec, d.Ops); err != nil {
		return linear.Fail, err.Error()
	}
	return linear.Pass, ""
}

// Triangulate asks judges about the decisions of every lane of a run with a ledger, which has been finished and
// was asked to remember ([Suite.Remember]), and names each lane about which two of them disagree, and the run where what
// judged it while it happened differs from what judges all of it: then one of them is wrong, and so may be any verdict.
func (s *Suite) Triangulate(commits []Commit, judges []LaneJudge) (disagreements []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.checkers[Linearizable-1].(*linearizable)
	if !ok || s.header.Capability != LedgerRows || len(judges) == 0 || l.kept == nil {
		return nil
	}
	c := l.kept
	plain, _ := c.plain(l.book) // it takes from the ledger what nobody was answered
	if plain.Verdict != l.verdict && plain.Verdict != Undecided && l.verdict != Undecided {
		disagreements = append(disagreements, fmt.Sprintf("the run: streaming says %s, all of it at once says %s (%s)", l.verdict,
			plain.Verdict, plain.Why))
	}
	for _, k := range judgedLanes(c.lanes, &book{}) {
		d := c.decisions(c.lanes[k], commits)
		said := map[linear.Verdict]string{}
		for _, j := range judges {
			v, why := j.Judge(d)
			if said[v] == "" {
				said[v] = fmt.Sprintf("%s says %s (%s)", j.Name, v, why)
			}
		}
		if said[linear.Pass] != "" && said[linear.Fail] != "" {
			disagreements = append(disagreements, fmt.Sprintf("lane %s: %s, %s", laneName(k), said[linear.Pass], said[linear.Fail]))
		}
	}
	return disagreements
}

// decisions are a lane's operations without reads, and the commit points that are in its ledger: what a failover
// lost became visible and never was.
func (c *operations) decisions(l *laneOperations, commits []Commit) (d LaneDecisions) {
	at := make([]int32, len(l.ops))
	for i, op := range l.ops {
		at[i] = int32(len(d.Ops))
		if op.Kind != linear.Read {
			d.Ops = append(d.Ops, op)
		}
	}
	for _, commit := range commits {
		id, known := l.ids[commit.Command]
		if commit.Lane != l.key || !known {
			continue
		}
		i, has := l.at[id]
		if !has || l.ops[i].Seq != commit.Seq || slices.Contains(d.Commits, at[i]) {
			continue
		}
		d.Commits, d.At = append(d.Commits, at[i]), append(d.At, commit.At-c.clock.began)
	}
	return d
}
