package page_test

import (
	"fmt"
	"slices"
	"testing"

	"stockproof/sim/page"
)

// drawn reads the plot as who looks at it does: the units of a side at each step, by its line and the numbers on the axis;
// null where there is no line.
const drawn = `(side => {
	const ticks = [...document.querySelectorAll('#plot text[text-anchor=end]')].filter(t => +t.getAttribute('x') < player.plot.left)
		.map(t => [+t.textContent, t.getAttribute('y') - 4]);
	const [a, b] = [ticks[0], ticks[ticks.length - 1]];
	if (b[1] >= a[1]) throw new Error('more units stand lower');
	const units = y => Math.round((a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])) * 100) / 100;
	const level = [];
	let x = 0, y = 0;
	for (const [, move, rest] of document.querySelector('#plot path.' + side).getAttribute('d').matchAll(/([A-Z])([^A-Z]*)/g)) {
		const n = rest.trim().split(' ').map(Number);
		if (move === 'M') [x, y] = n;
		else if (move === 'V') y = n[0];
		else if (move === 'H') { level.push([x, n[0], y]); x = n[0]; }
		else throw new Error(move + ' is no step');
	}
	const last = player.run.rows.length - 1;
	return [...Array(last + 1).keys()].map(i => {
		const x = player.plot.x(i);
		const at = level.findLast(([from, to]) => from <= x + .06 && (x < to - .06 || i === last && x <= to + .06));
		return at ? units(at[2]) : null;
	});
})`

// held is what the timeline says of the same: the units of the first lane in truth and speed at the end of each step.
func held(r page.Run) (truth, speed []*float64) {
	sides := [2]*float64{}
	for _, row := range r.Timeline.Rows {
		for _, l := range row.Levels {
			if l.Lane != r.Timeline.Lanes[0] {
				continue
			}
			sides = [2]*float64{}
			if l.Truth.Known {
				units := float64(l.Truth.Avail)
				sides[0] = &units
			}
			if l.Speed.Known {
				units := float64(l.Speed.Avail)
				sides[1] = &units
			}
		}
		truth, speed = append(truth, sides[0]), append(speed, sides[1])
	}
	return truth, speed
}

// The lines stand where the numbers are, at every step, and where a side has nothing there is none.
func TestThePlotIsOfWhatTruthAndSpeedHeld(t *testing.T) {
	ctx := browser(t)
	for _, name := range []string{"token-expiry", "bootstrap-replay"} {
		r := recorded(t, name)
		b := open(t, ctx, pageOf(r), 1280, "light")
		truth, speed := held(r)
		if name == "bootstrap-replay" && !slices.Contains(speed, nil) {
			t.Fatal("speed has something at every step")
		}
		for side, want := range map[string][]*float64{"truth": truth, "speed": speed} {
			got := eval[[]*float64](b, fmt.Sprintf(drawn+`(%q)`, side))
			if !slices.EqualFunc(got, want, func(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }) {
				t.Errorf("%s: %s is drawn as %s, want %s", name, side, numbers(got), numbers(want))
			}
		}
	}
}

func numbers(all []*float64) (s string) {
	for _, n := range all {
		if n == nil {
			s += " -"
		} else {
			s += fmt.Sprintf(" %g", *n)
		}
	}
	return s
}

// pale lists the strokes and fills of the plot that contrast with the card behind them by less than 3 to 1, which is what
// WCAG 2.1 asks of what is drawn (success criterion 1.4.11, level AA).
const pale = `(() => {
	const rgb = s => s.match(/[\d.]+/g).slice(0, 3).map(Number);
	const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
	const card = rgb(getComputedStyle(document.getElementById('player')).backgroundColor);
	return ['path.truth', 'path.speed', '.cursor', '.struck', '.fault-mark', '.accused-mark'].filter(selector => {
		const style = getComputedStyle(document.querySelector('#plot ' + selector)), filled = selector.endsWith('-mark');
		const ink = rgb(filled ? style.fill : style.stroke), part = +style[filled ? 'fillOpacity' : 'strokeOpacity'];
		const [a, b] = [luminance(ink.map((v, i) => v * part + card[i] * (1 - part))), luminance(card)].sort((x, y) => y - x);
		return (a + .05) / (b + .05) < 3;
	});
})()`

// What is drawn can be seen in light and dark, and nothing is told apart by its colour alone.
func TestThePlotCanBeSeen(t *testing.T) {
	ctx := browser(t)
	for _, scheme := range []string{"light", "dark"} {
		b := open(t, ctx, pageOf(recorded(t, "token-expiry")), 1280, scheme)
		if faint := eval[[]string](b, pale); len(faint) > 0 {
			t.Errorf("%s: too pale: %q", scheme, faint)
		}
		lines := eval[[]string](b, `['truth', 'speed'].map(side => getComputedStyle(document.querySelector('#plot path.' + side)).strokeDasharray)`)
		if lines[0] != "none" || lines[1] == "none" {
			t.Errorf("%s: dashes of truth and speed: %q", scheme, lines)
		}
	}
}

// The mouse draws the run along while its button is down, and not otherwise.
func TestThePlotIsDragged(t *testing.T) {
	b := open(t, browser(t), pageOf(recorded(t, "token-expiry")), 1280, "light")
	move := `document.getElementById('plot').dispatchEvent(new PointerEvent('pointermove', {buttons: %d, clientX: document.getElementById('plot').getBoundingClientRect().left + player.plot.x(%d)}))`
	eval[bool](b, fmt.Sprintf(move, 1, 9))
	b.at(10)
	eval[bool](b, fmt.Sprintf(move, 0, 3))
	b.at(10)
}
