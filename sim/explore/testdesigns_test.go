package explore_test

import (
	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/port"
)

// Designs that nobody should build, and that somebody did: the article's, with one more mistake. Only tests
// know them, so their schedules stand in testdata/schedules/testdesigns.

// withEvents is the article's design with another reading of its records, one per worker.
func withEvents(name string, reading func(next eventReader) eventReader) *inventory.Design {
	d := article.Design()
	d.Name = name
	for i := range d.Roles {
		if d.Roles[i].Name == "worker" {
			d.Roles[i].New = func(p inventory.Ports, o inventory.Options) port.Process {
				p.OrderEvent = reading(p.OrderEvent)
				return article.NewWorker(p, o)
			}
		}
	}
	return &d
}

type eventReader = func(port.Record) (inventory.OrderEvent, error)

// lsnFenced skips what lies before the highest source.lsn that a partition has shown.
func lsnFenced() *inventory.Design {
	return withEvents("lsn-fenced", func(next eventReader) eventReader {
		seen := map[int32]uint64{}
		return func(r port.Record) (inventory.OrderEvent, error) {
			e, err := next(r)
			if err != nil || e.Class != "row" {
				return e, err
			}
			if e.LSN < seen[r.Partition] {
				e.Class = "old"
			}
			seen[r.Partition] = max(seen[r.Partition], e.LSN)
			return e, nil
		}
	})
}
