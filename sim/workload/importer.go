package workload

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"stockproof/checks"
	"stockproof/inventory"
	"stockproof/model"
	"stockproof/sim/random"
)

// ImportOptions say how a file of real orders becomes a workload.
type ImportOptions struct {
	Columns Columns      // default DefaultColumns
	Supply  random.Ratio // initial stock over the SKU's positive units in the file, rounded up
	Clients int          // 0: 32
}

// DefaultSupply is the initial stock of an imported workload over its demand.
func DefaultSupply() random.Ratio { return random.Ratio{Num: 9, Den: 10} }

// Import reads a workload from a CSV file with a header; a file whose name ends in .gz is unpacked on
// the way. What is wrong with it is a [checks.InputError] that names the line.
//
//   - An invoice is an order and its lines, in file order, are the order's. They are decided one by one
//     (policy partial: a line takes what there is, whatever becomes of its siblings), and what was granted
//     is committed at once.
//   - A line of an invoice that begins with C is a RETURN of its units, against the latest earlier
//     committed lines of its SKU, of several where one has not enough left; what none has left is an
//     ADJUST of +units. Which those are depends on what was granted: see [Comeback].
//   - Any other negative quantity is an ADJUST by it.
//   - A column of times is read and must hold times (see timeLayouts); the order is the file's all the same.
//   - SKUs are bytes: nothing is trimmed and no case is folded.
//
// Returns and adjustments keep their place in the file among all lines of their SKU; everything else
// may go side by side.
func Import(path string, o ImportOptions) (Workload, error) {
	f, err := os.Open(path)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return Workload{}, checks.InputErrorf(path, 0, "%v", err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReaderSize(f, 1<<16)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return Workload{}, checks.InputErrorf(path, 0, "unpack: %v", err)
		}
	}
	return ReadWorkload(path, r, o)
}

// ReadWorkload is [Import] from a reader; name is for messages.
func ReadWorkload(name string, r io.Reader, o ImportOptions) (Workload, error) {
	if o.Columns == (Columns{}) {
		o.Columns = DefaultColumns()
	}
	if o.Clients == 0 {
		o.Clients = DefaultParams().Clients
	}
	im := &importer{ImportOptions: o, file: name, source: filepath.Base(name), orders: map[string]int{},
		demand: map[model.SKU]int64{}}
	if err := im.read(r); err != nil {
		return Workload{}, err
	}
	return im.workload()
}

// importer collects the lines of a file.
type importer struct {
	ImportOptions
	file   string
	source string // of ids: the same file elsewhere makes the same
	at     places
	rows   int
	last   int // line of the last row
	steps  []Step
	orders map[string]int // by invoice: its checkout in steps
	demand map[model.SKU]int64
	skus   []model.SKU // of demand, as they come
}

// row is a line of the file.
type row struct {
	line    int
	invoice string
	sku     model.SKU
	qty     int64 // not 0
}

func (im *importer) read(r io.Reader) error {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err == io.EOF {
		return checks.InputErrorf(im.file, 0, "is empty")
	}
	if err != nil {
		return im.unreadable(err, in.FieldsPerRecord)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // a byte order mark is not part of a name
	if im.at, err = im.Columns.find(header); err != nil {
		return checks.InputErrorf(im.file, 1, "%v", err)
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return im.unreadable(err, in.FieldsPerRecord)
		}
		line, _ := in.FieldPos(0)
		if err := im.take(line, record); err != nil {
			return checks.InputErrorf(im.file, line, "%v", err)
		}
	}
	if im.rows == 0 {
		return checks.InputErrorf(im.file, 0, "has a header and no lines")
	}
	return nil
}

// unreadable says where the file stopped making sense.
func (im *importer) unreadable(err error, fields int) error {
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad) && errors.Is(err, csv.ErrFieldCount):
		return checks.InputErrorf(im.file, bad.Line, "has another number of fields than the header, which has %d",
			fields)
	case errors.As(err, &bad):
		return checks.InputErrorf(im.file, bad.Line, "%v", bad.Err)
	}
	return checks.InputErrorf(im.file, max(im.last, 1), "the file cannot be read behind this line: %v", err)
}

func (im *importer) take(line int, record []string) error {
	im.rows, im.last = im.rows+1, line
	r := row{line: line, invoice: strings.Clone(record[im.at.order]),
		sku: model.SKU(strings.Clone(record[im.at.sku]))}
	if r.invoice == "" {
		return fmt.Errorf("%s is empty", im.Columns.Order)
	}
	if err := r.sku.Validate(); err != nil {
		return fmt.Errorf("%s: %w", im.Columns.SKU, err)
	}
	var err error
	if r.qty, err = parseQuantity(record[im.at.qty]); err != nil {
		return fmt.Errorf("%s %w", im.Columns.Qty, err)
	}
	if im.at.time >= 0 {
		if err := checkTime(record[im.at.time]); err != nil {
			return fmt.Errorf("%s %w", im.Columns.Time, err)
		}
	}
	switch {
	case strings.HasPrefix(r.invoice, "C"):
		im.step(r, Step{Kind: StepReturn, Return: Comeback{ID: im.id(r), SKU: r.sku, Qty: max(r.qty, -r.qty)}})
	case r.qty < 0:
		im.step(r, Step{Kind: StepAdjust, Command: model.Command{ID: im.id(r), Kind: model.Adjust, SKU: r.sku,
			Loc: model.MainLocation, Delta: model.Some(r.qty)}})
	default:
		return im.orderLine(r)
	}
	return nil
}

// id names what a line that is no order line asks for.
func (im *importer) id(r row) model.ID {
	return model.NameID("line of a file", im.source, strconv.Itoa(r.line))
}

func (im *importer) step(r row, s Step) {
	s.Name, s.Line = r.invoice, r.line
	im.steps = append(im.steps, s)
}

// orderLine adds a line to its invoice's order. The order stands where the invoice's first line does.
func (im *importer) orderLine(r row) error {
	at, known := im.orders[r.invoice]
	if !known {
		at = len(im.steps)
		im.orders[r.invoice] = at
		o := inventory.Order{ID: OrderID(im.source, r.invoice), Policy: model.Partial}
		im.step(r, Step{Kind: StepCheckout, Order: o})
		im.step(r, Step{Kind: StepCommit, Order: inventory.Order{ID: o.ID}})
	}
	o := &im.steps[at].Order
	if len(o.Lines) == model.MaxLines {
		return fmt.Errorf("order %s has more than %d lines", r.invoice, model.MaxLines)
	}
	o.Lines = append(o.Lines, inventory.OrderLine{SKU: r.sku, Qty: r.qty})
	if _, known := im.demand[r.sku]; !known {
		im.skus = append(im.skus, r.sku)
	}
	im.demand[r.sku] += r.qty
	if im.demand[r.sku] > model.MaxNumber {
		return fmt.Errorf("the units of %q add up to more than %d", r.sku, model.MaxNumber)
	}
	return nil
}

func (im *importer) workload() (Workload, error) {
	w := Workload{Clients: im.Clients, Steps: im.steps}
	for _, sku := range im.skus {
		units, fits := im.Supply.OfUp(im.demand[sku])
		if !fits || units > model.MaxNumber {
			return w, checks.InputErrorf(im.file, 0, "supply %s of %q is more than a stock can be (%d)", im.Supply, sku,
				model.MaxNumber)
		}
		if units > 0 {
			w.Supply = append(w.Supply, Initial{LaneOf(sku), units})
		}
	}
	for i := range w.Steps {
		if s := &w.Steps[i]; s.Kind == StepCheckout {
			s.Order = NewOrder(s.Order.ID, s.Order.Policy, s.Order.Lines...)
		}
	}
	Sequence(w.Steps, StepReturn, StepAdjust)
	w.Text = fmt.Sprintf("workload %s (%d lines, %d orders, %d skus)  %s  supply %s  clients %d", im.file, im.rows,
		len(im.orders), len(w.SKUs()), model.Partial, im.Supply.Percent(), w.Clients)
	return w, nil
}

// parseQuantity reads a whole number of units, not zero, in plain decimal.
func parseQuantity(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && (n < -model.MaxQuantity || n > model.MaxQuantity):
		return 0, fmt.Errorf("%q is outside -%d..%d", s, model.MaxQuantity, model.MaxQuantity)
	case err != nil || s[0] == '+':
		return 0, fmt.Errorf("%q is not a whole number of units", s)
	case n == 0:
		return 0, fmt.Errorf("%q: a line without units is neither an order nor a return", s)
	}
	return n, nil
}

// timeLayouts are how a time may be written; the last two are those of the UCI's own files.
var timeLayouts = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", time.RFC3339, "2006-01-02T15:04:05",
	"1/2/2006 15:04", "1/2/2006 15:04:05"}

// checkTime refuses what is no date, with or without a time of day.
func checkTime(s string) error {
	for _, layout := range timeLayouts {
		if _, err := time.Parse(layout, s); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%q is not a time, like %s", s, timeLayouts[0])
}
