package timeline

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim"
	"stockproof/sim/workload"
)

// Width is the width of a page that a picture is drawn for, unless somebody says otherwise.
const Width = 120

// Text draws the timeline for a width, in characters, and marks the steps that a report accuses; a zero
// report accuses none. Columns without anything are left out, then those that only say who did what
// another column shows; what is still too wide wraps.
func (t *Timeline) Text(width int, accused checks.Report) string {
	if width <= 0 {
		width = Width
	}
	marks := t.Marks(accused)
	room := width - len(indent) - 5
	for _, m := range marks {
		room = min(room, width-len(indent)-5-len(arrow)-len(m)-2)
	}
	columns := t.fit(t.columns(), room)
	var b strings.Builder
	line := func(number string, cells []string, mark string) {
		text := fmt.Sprintf("%s%3s  ", indent, number)
		for i, c := range cells {
			text += fmt.Sprintf("%-*s  ", columns[i].width, c)
		}
		b.WriteString(strings.TrimRight(text+mark, " ") + "\n")
	}
	var heads []string
	for _, c := range columns {
		heads = append(heads, c.name)
	}
	line("", heads, "")
	for i := range t.Rows {
		wrapped, height := t.wrapped(&t.Rows[i], columns)
		for k := range height {
			cells := make([]string, len(columns))
			for j := range columns {
				if k < len(wrapped[j]) {
					cells[j] = wrapped[j][k]
				}
			}
			if k == 0 {
				mark := marks[i]
				if mark != "" {
					mark = arrow + mark
				}
				line(fmt.Sprint(i+1), cells, mark)
			} else {
				line("", cells, "")
			}
		}
	}
	return b.String()
}

const (
	indent = "           "
	arrow  = "<- " // at what a report accuses
)

// wrapped are the lines of a row's cells, and how many lines it takes.
func (t *Timeline) wrapped(r *Row, columns []column) (cells [][]string, height int) {
	cells = make([][]string, len(columns))
	for j := range columns {
		for _, c := range r.Cells {
			if c.Column == columns[j].name {
				cells[j] = wrap(c.Text, columns[j].width)
			}
		}
		height = max(height, len(cells[j]))
	}
	return cells, height
}

// fit makes columns narrow enough: it drops the weak ones, the widest first, and then takes from the widest
// until it fits or nothing is to be taken.
func (t *Timeline) fit(all []column, room int) []column {
	total := func() (n int) {
		for _, c := range all {
			n += c.width + 2
		}
		return n
	}
	for total() > room {
		weakest := -1
		for i, c := range all {
			if c.weak && (weakest < 0 || c.width > all[weakest].width) {
				weakest = i
			}
		}
		if weakest < 0 {
			break
		}
		all = slices.Delete(all, weakest, weakest+1)
	}
	for total() > room {
		widest := 0
		for i, c := range all {
			if c.width > all[widest].width {
				widest = i
			}
		}
		if len(all) == 0 || all[widest].width <= max(8, len(all[widest].name)) {
			break
		}
		all[widest].width--
	}
	return all
}

// wrap breaks text between words; a word that is too long for a line is cut.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) <= width {
			line += " " + w
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = w; len(line) > width; line = line[width:] {
			lines = append(lines, line[:width])
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// ascii is text with everything else escaped.
func ascii(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r > '~' || r < ' ' }) < 0 {
		return s
	}
	q := fmt.Sprintf("%+q", s)
	return q[1 : len(q)-1]
}

// Marks are the notes beside the rows that a report accuses, by row.
func (t *Timeline) Marks(r checks.Report) map[int]string {
	marks := map[int]string{}
	if r.Verdict != checks.Fail {
		return marks
	}
	for _, f := range append([]checks.Finding{{Evidence: r.Evidence}}, r.Findings...) {
		for _, e := range f.Evidence {
			if e.Role != checks.Offender {
				continue
			}
			for i := range t.Rows {
				row := &t.Rows[i]
				if e.Event > 0 && slices.Contains(row.events, e.Event) ||
					e.Seq > 0 && slices.Contains(row.ledger, laneSeq{e.Lane, e.Seq}) {
					marks[i] = accusation(r.Guarantee, e)
				}
			}
		}
	}
	return marks
}

// accusation is what a step did wrong, in two words.
func accusation(g checks.Guarantee, e checks.Evidence) string {
	switch {
	case g == checks.ExactlyOnceEffect && strings.HasPrefix(e.Text, "deduct"):
		return "second deduction"
	case g == checks.ExactlyOnceEffect && strings.HasPrefix(e.Text, "credit"):
		return "second credit"
	case g == checks.ExactlyOnceEffect:
		return "second effect"
	case g == checks.NoOversell:
		return "oversold"
	case g == checks.OneOutcome:
		return "another outcome"
	case g == checks.NoFalseReject:
		return "rejected falsely"
	}
	return "breaks " + g.String()
}

// LaneText says what became of the lanes that a report accuses, in truth and speed; of all lanes if it
// accuses none.
func (t *Timeline) LaneText(out sim.Outcome, r checks.Report) string {
	var lanes []model.SKU
	for _, e := range r.Evidence {
		if e.Lane.SKU != "" && !slices.Contains(lanes, e.Lane.SKU) {
			lanes = append(lanes, e.Lane.SKU)
		}
		for i := range t.s.Config().Workload.Steps {
			st := &t.s.Config().Workload.Steps[i]
			if st.Kind != workload.StepCheckout || e.Order.IsZero() || st.Order.ID != e.Order || e.Lane.SKU != "" {
				continue
			}
			for _, l := range st.Order.Lines {
				if !slices.Contains(lanes, l.SKU) {
					lanes = append(lanes, l.SKU)
				}
			}
		}
	}
	if len(lanes) == 0 {
		lanes = t.s.Config().Workload.SKUs()
	}
	var b strings.Builder
	for _, sku := range lanes[:min(len(lanes), 8)] {
		fmt.Fprintf(&b, "%slane %s   %s\n", indent, ascii(string(sku)), t.numbers(out.Audit, sku))
	}
	return b.String()
}

// numbers are a lane's at the end.
func (t *Timeline) numbers(a checks.Audit, sku model.SKU) string {
	var words []string
	if supply, ok := supplied(a, sku); ok {
		words = append(words, fmt.Sprintf("supply %d", supply))
	}
	credited := t.scripted(sku, checks.Credit)
	if taken := t.scripted(sku, checks.Deduct); taken != "" {
		words = append(words, "granted by the script "+taken)
	} else if granted := grants(a, sku); granted != "" {
		words = append(words, "granted "+granted)
	}
	if credited != "" {
		words = append(words, "credited by it "+credited)
	}
	truth := "nothing"
	for _, l := range a.Lanes {
		if l.Key.SKU == sku {
			truth = fmt.Sprint(l.Avail())
		}
	}
	for _, s := range a.Stock {
		if s.SKU == sku {
			truth = fmt.Sprint(s.Stock)
		}
	}
	words = append(words, "truth says "+truth)
	if a.SpeedRead {
		speed := "nothing"
		for _, s := range a.Speed {
			if s.Lane.SKU == sku && s.Found {
				speed = fmt.Sprint(s.Avail)
			}
		}
		words = append(words, "speed says "+speed)
	}
	return strings.Join(words, "   ")
}

func supplied(a checks.Audit, sku model.SKU) (units int64, ok bool) {
	for _, s := range a.Supply {
		if s.Lane.SKU == sku {
			units, ok = units+s.Units, true
		}
	}
	return units, ok
}

// grants are the units that the truth granted to orders: "2 + 2".
func grants(a checks.Audit, sku model.SKU) string {
	var all []string
	for _, c := range a.Commands {
		if c.SKU == sku && c.Kind == model.Reserve && c.Decision.Outcome.Grants() {
			all = append(all, fmt.Sprint(c.Decision.Granted))
		}
	}
	return strings.Join(all, " + ")
}

// scripted are the units that scripts took from a SKU's stock, or put there: "2 + 2".
func (t *Timeline) scripted(sku model.SKU, kind checks.EffectKind) string {
	var all []string
	for _, e := range t.effects {
		if e.SKU == sku && e.Reply == checks.Done && e.Kind == kind {
			all = append(all, fmt.Sprint(e.Qty))
		}
	}
	return strings.Join(all, " + ")
}
