package sim

import (
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/model"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

func clientFaults() []FaultKind {
	return []FaultKind{
		{Name: "resubmit", Hidden: armed, About: "the network carries a client's next submissions twice, the second a moment later",
			Keys: []string{"n"},
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				n := max(f.N, 1)
				s.resubmit = n
				s.lasts(0, "", func() { s.resubmit = 0 })
				return s.await(func() string {
					return receipt(s.resubmit < n, "a submission arrived twice")
				})
			}},
		{Name: "re-drive", About: "an operator sends what is in the dead letters again",
			applies: func(d inventory.Design, _ scenario.DesignOptions) bool { return d.Redrive != nil || hasRawTable(d) },
			strike:  redrive},
	}
}

func hasRawTable(d inventory.Design) bool { return d.Connector != nil && !d.Connector.Outbox }

// redrive runs the design's own tool, or else what operators have everywhere: a console producer.
func redrive(s *Simulation, _ *Fault, _ engine.Point) string {
	letters := s.Kafka.Records(model.DeadTopic)
	if len(letters) == 0 {
		return ""
	}
	if build := s.c.Design.Redrive; build != nil {
		s.launch(s.freeName("redriver"), "redriver", build)
		return receipt(true, "a re-drive of %d letters begins", len(letters))
	}
	var again []port.Record
	for _, l := range letters {
		if r, ok := buriedRecord(l); ok {
			again = append(again, r)
		}
	}
	n := s.produce(again...)
	return receipt(n > 0, "%d letters sent again", n)
}
