package timeline

import (
	"cmp"
	"slices"
	"strings"

	"stockproof/inventory"
	"stockproof/sim"
)

// column is one column of a picture.
type column struct {
	name  string
	width int
	weak  bool // all of its cells are
}

// Columns names the columns of the whole picture, from the clients to the speed layer: the servers, connector,
// workers and reconcilers that were there, whether or not they have anything, and who else has something to
// show that no other column shows.
func (t *Timeline) Columns() (names []string) {
	all := []column{{name: "clients"}, {name: "postgres"}}
	if t.s.Config().Design.Books != inventory.RowLockBooks {
		all = append(all, column{name: "redis"})
	}
	for _, topic := range sim.Topics(t.s.Config().Design) {
		if topic.Name == t.s.CommandTopic() {
			for part := range t.s.Config().Options.Partitions {
				all = append(all, column{name: t.partition(topic.Name, part)})
			}
		}
	}
	for _, in := range t.s.Instances() {
		if slices.Contains([]string{"connector", "worker", "reconciler"}, in.Role()) {
			all = append(all, column{name: in.Name()})
		}
	}
	for _, c := range t.columns() {
		if !c.weak && !slices.ContainsFunc(all, func(x column) bool { return x.name == c.name }) {
			all = append(all, c)
		}
	}
	t.arrange(all)
	for _, c := range all {
		names = append(names, c.name)
	}
	return names
}

// columns are those that have anything, from the clients to the speed layer.
func (t *Timeline) columns() (all []column) {
	for i := range t.Rows {
		for _, c := range t.Rows[i].Cells {
			at := slices.IndexFunc(all, func(x column) bool { return x.name == c.Column })
			if at < 0 {
				at = len(all)
				all = append(all, column{name: c.Column, width: len(c.Column), weak: true})
			}
			all[at].width = max(all[at].width, len(c.Text))
			all[at].weak = all[at].weak && c.Weak
		}
	}
	t.arrange(all)
	return all
}

func (t *Timeline) arrange(all []column) {
	slices.SortStableFunc(all, func(a, b column) int { return cmp.Compare(t.place(a.name), t.place(b.name)) })
}

// place is where a column stands: as the data flows.
func (t *Timeline) place(name string) int {
	switch {
	case name == "clients":
		return 0
	case strings.HasPrefix(name, "api"):
		return 1
	case name == "postgres":
		return 2
	case name == "connector", strings.HasPrefix(name, "relay"):
		return 3
	case strings.HasPrefix(name, "kafka p"):
		return 4
	case strings.HasPrefix(name, "worker"):
		return 5
	case strings.HasPrefix(name, "kafka"):
		return 6
	case name == "redis":
		return 100
	}
	for i, in := range t.s.Instances() {
		if in.Name() == name {
			return 10 + i
		}
	}
	return 99
}
