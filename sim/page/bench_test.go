package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A run of more than 10 000 rows, opened in a browser that is running: from the navigation to the first rows
// drawn, as the page's own clock has it.
func BenchmarkOpen10000Steps(b *testing.B) {
	ctx := browser(b)
	p := busy(b, 2000)
	if n := len(p.Run.Timeline.Rows); n < 10_000 {
		b.Fatalf("the run has %d rows", n)
	}
	page := open(b, ctx, p, 1280, "light")
	ready := 0.0
	b.ResetTimer()
	for b.Loop() {
		page.run(chromedp.Navigate("about:blank"), chromedp.Navigate(page.url))
		page.until("document.documentElement.dataset.ready > 0")
		ready += eval[float64](page, "+document.documentElement.dataset.ready")
	}
	b.ReportMetric(ready/float64(b.N), "ms/open")
	b.ReportMetric(float64(len(p.Run.Timeline.Rows)), "rows")
	b.ReportMetric(float64(len(written(b, p)))/(1<<20), "MiB")
}
