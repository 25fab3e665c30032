package sim

import (
	"stockproof/adapters/debezium"
	"stockproof/adapters/fakes/cdc"
	"stockproof/inventory"
	"stockproof/inventory/port"
	"stockproof/sim/engine"
	"stockproof/sim/scenario"
)

// connectorTrouble is what the connector does besides its duty: the next life of its process reads it.
type connectorTrouble struct {
	noise    cdc.Noise
	noisy    int // changes that noise was written behind
	skip     int // changes to lose
	lost     int
	shared   bool // rows of one statement share an LSN, and all but the first are lost
	snapshot cdc.Snapshot
}

func connectorFaults() []FaultKind {
	return []FaultKind{
		{Name: "connector-loses", Hidden: armed, About: "the connector confirms its next n changes and sends none of them",
			Keys: []string{"n"}, applies: hasConnector,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				c := &s.cdc
				before := c.lost
				c.skip = max(f.N, 1)
				s.lasts(0, "", func() { c.skip = 0 })
				return s.await(func() string {
					return receipt(c.skip == 0 && c.lost > before, "the connector lost %d changes", c.lost-before)
				})
			}},
		{Name: "connector-noise", Hidden: armed, About: "the connector writes what is no command behind its next change",
			Keys: []string{"form"}, Forms: noiseForms(), applies: hasConnector,
			strike: func(s *Simulation, f *Fault, _ engine.Point) string {
				c := &s.cdc
				before, kinds := c.noisy, noiseOf(f.Form)
				if s.c.Design.Connector.Outbox {
					kinds &^= cdc.NoiseUpdate | cdc.NoiseTruncate // which fail an event router instead
				}
				if kinds == 0 {
					return ""
				}
				s.noiseTopics()
				c.noise = kinds
				s.lasts(0, "", func() { c.noise = 0 })
				return s.await(func() string {
					return receipt(c.noisy > before, "the connector wrote noise: %s", f.Form)
				})
			}},
		{Name: "connector-snapshot", Hidden: "with what the connector's next life begins",
			About:   "the connector lost its position: it starts anew, with a snapshot of all rows that there are",
			applies: hasConnector,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				in := s.instance("connector")
				if in == nil || in.proc.Dead() {
					return ""
				}
				s.cdc.snapshot = cdc.SnapshotAlways
				s.Crash(in)
				s.Restart(in)
				s.cdc.snapshot = cdc.SnapshotNever
				return "the connector starts anew with a snapshot"
			}},
		{Name: "incremental-snapshot",
			About:   "somebody asks the connector for an incremental snapshot: rows without a position in the log",
			applies: hasRows,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				n := s.Postgres.IncrementalSnapshot(connectorName)
				return receipt(n > 0, "an incremental snapshot of %d rows", n)
			}},
		{Name: "copy", Hidden: "which of the connector's next changes share a position in the log",
			About:   "rows are written as COPY writes them, under one LSN; the connector keeps only the first of each",
			applies: hasConnector,
			strike: func(s *Simulation, _ *Fault, _ engine.Point) string {
				s.Postgres.SetCopy(s.c.Design.Connector.Tables...)
				s.cdc.shared = true
				s.lasts(0, "", func() {
					s.Postgres.SetCopy()
					s.cdc.shared = false
				})
				before := s.cdc.lost
				return s.await(func() string {
					return receipt(s.cdc.lost > before, "rows that shared an LSN were lost")
				})
			}},
	}
}

// hasRows: the connector's tables keep their rows, which an outbox does not.
func hasRows(d inventory.Design, o scenario.DesignOptions) bool {
	return hasConnector(d, o) && hasRawTable(d)
}

// noiseTopics makes the topics that a connector of this design writes to only when it is told to: of
// transactions, and of heartbeats.
func (s *Simulation) noiseTopics() {
	c := debezium.ForDesign(*s.c.Design.Connector)
	c.Transaction = true
	for _, topic := range c.OwnTopics() {
		if s.Kafka.TopicID(topic).IsZero() {
			s.Kafka.CreateTopic(topic, s.c.Options.Partitions)
		}
	}
}

var noises = [...]struct {
	name string
	kind cdc.Noise
}{{"update", cdc.NoiseUpdate}, {"delete", cdc.NoiseDelete}, {"truncate", cdc.NoiseTruncate},
	{"heartbeat", cdc.NoiseHeartbeat}, {"transaction", cdc.NoiseTransaction}}

func noiseForms() (names []string) {
	for _, n := range noises {
		names = append(names, n.name)
	}
	return append(names, "all")
}

func noiseOf(form string) (kinds cdc.Noise) {
	for _, n := range noises {
		if n.name == form || form == "all" {
			kinds |= n.kind
		}
	}
	return kinds
}

// faults are the options of the connector's process that starts now. Which changes they strike is decided
// when these are read.
func (c *connectorTrouble) faults() cdc.Faults {
	var lastLSN uint64
	return cdc.Faults{
		Lose: func(_ int, change port.Change) bool {
			same := c.shared && change.LSN != 0 && change.LSN == lastLSN
			lastLSN = change.LSN
			if !same && c.skip == 0 {
				return false
			}
			if !same {
				c.skip--
			}
			c.lost++
			return true
		},
		Noise: func(_ int, _ port.Change) cdc.Noise {
			kinds := c.noise
			if c.noise = 0; kinds != 0 {
				c.noisy++
			}
			return kinds
		},
	}
}
