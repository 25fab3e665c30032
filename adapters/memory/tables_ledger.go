package memory

import (
	"cmp"

	"stockproof/inventory/port"
)

// ledgerTables are the tables of schema ledger.
type ledgerTables struct {
	cluster *table[int, clusterRow]
}

func newLedgerTables(p *Postgres) (t ledgerTables) {
	t.cluster = &table[int, clusterRow]{
		pg:         p,
		about:      &relation{schema: "ledger", name: "cluster", primary: "cluster_pkey", keyColumns: 1},
		key:        func(*clusterRow) int { return 1 },
		rows:       newIndex[int, *row[int, clusterRow]](cmp.Compare[int]),
		takenClass: port.ErrConflict,
		columns: func(c *clusterRow) []port.Column {
			return []port.Column{{Name: "one", Value: true}, {Name: "epoch", Value: c.epoch},
				{Name: "sysid", Value: c.sysid}, {Name: "tli", Value: c.timeline}}
		},
	}
	return t
}
