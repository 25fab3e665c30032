package workload

import (
	"fmt"
	"slices"
	"strings"
)

// Columns says by header name which column of a file is what.
type Columns struct {
	Order string
	SKU   string
	Qty   string
	Time  string // may be absent; where it is named it must hold times, and the order of the lines is the file's all the same
}

// DefaultColumns are those of the UCI data set "Online Retail".
func DefaultColumns() Columns {
	return Columns{Order: "InvoiceNo", SKU: "StockCode", Qty: "Quantity", Time: "InvoiceDate"}
}

// ParseColumns reads "order=NAME,sku=NAME,qty=NAME,time=NAME"; time may be left out.
func ParseColumns(s string) (Columns, error) {
	var c Columns
	for _, pair := range strings.Split(s, ",") {
		key, name, ok := strings.Cut(pair, "=")
		field := map[string]*string{"order": &c.Order, "sku": &c.SKU, "qty": &c.Qty, "time": &c.Time}[key]
		switch {
		case !ok || name == "":
			return c, fmt.Errorf("columns: %q is not what=HEADER", pair)
		case field == nil:
			return c, fmt.Errorf("columns: there is no %q, only order, sku, qty and time", key)
		case *field != "":
			return c, fmt.Errorf("columns: %s stands twice", key)
		}
		*field = name
	}
	if c.Order == "" || c.SKU == "" || c.Qty == "" {
		return c, fmt.Errorf("columns: order, sku and qty are needed")
	}
	return c, nil
}

// places are the columns' indexes in a header; time is -1 where there is none.
type places struct{ order, sku, qty, time int }

// find looks the columns up in a header.
func (c Columns) find(header []string) (places, error) {
	at := func(name string) (int, error) {
		i := slices.Index(header, name)
		switch {
		case i < 0:
			return i, fmt.Errorf("column %s is missing, the header has %s", name, strings.Join(header, ", "))
		case slices.Contains(header[i+1:], name):
			return i, fmt.Errorf("column %s stands twice in the header", name)
		}
		return i, nil
	}
	p := places{time: -1}
	var err error
	for _, f := range []struct {
		name string
		at   *int
	}{{c.Order, &p.order}, {c.SKU, &p.sku}, {c.Qty, &p.qty}, {c.Time, &p.time}} {
		if f.name == "" {
			continue
		}
		if *f.at, err = at(f.name); err != nil {
			return p, err
		}
	}
	return p, nil
}
