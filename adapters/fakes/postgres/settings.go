package fakepg

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// settings are the run-time parameters of a startup message.
type settings struct {
	values            map[string]string
	idleInTransaction time.Duration
	replication       bool // the connection may stream a slot
}

// idleTimeout is the one setting that this package itself heeds.
const idleTimeout = "idle_in_transaction_session_timeout"

// readSettings refuses what PostgreSQL would refuse: a parameter it does not know.
func readSettings(parameters map[string]string) (settings, error) {
	s := settings{values: map[string]string{}}
	known := map[string]bool{
		"application_name": true, "client_encoding": true, "datestyle": true, "timezone": true,
		"search_path": true, "extra_float_digits": true, "default_transaction_isolation": true,
		"lock_timeout": true, "statement_timeout": true, idleTimeout: true,
		"synchronous_commit": true, "plan_cache_mode": true, "jit": true, "work_mem": true,
		"tcp_keepalives_idle": true, "tcp_keepalives_interval": true, "tcp_keepalives_count": true,
		"tcp_user_timeout": true, "standard_conforming_strings": true, "deadlock_timeout": true,
	}
	for name, value := range parameters {
		switch key := strings.ToLower(name); {
		case key == "user" || key == "database" || strings.HasPrefix(key, "_pq_."):
		case key == "replication" && value == "database":
			s.replication = true
		case known[key]:
			s.values[key] = value
		default:
			return s, &Error{Code: "42704",
				Message: fmt.Sprintf("unrecognized configuration parameter %q", name)}
		}
	}
	var err error
	s.idleInTransaction, err = parseDuration(s.values[idleTimeout])
	if err != nil {
		return s, &Error{Code: "22023", Message: fmt.Sprintf(
			"invalid value for parameter %q: %v", idleTimeout, err)}
	}
	return s, nil
}

// reported are the parameters that the server tells every client, in name order.
func (s settings) reported() []pgproto3.ParameterStatus {
	values := map[string]string{
		"application_name":              s.values["application_name"],
		"client_encoding":               "UTF8",
		"DateStyle":                     "ISO, MDY",
		"default_transaction_read_only": "off",
		"in_hot_standby":                "off",
		"integer_datetimes":             "on",
		"IntervalStyle":                 "postgres",
		"is_superuser":                  "on",
		"server_encoding":               "UTF8",
		"server_version":                "15.0 (stockproof fake)",
		"standard_conforming_strings":   "on",
		"TimeZone":                      "UTC",
	}
	out := make([]pgproto3.ParameterStatus, 0, len(values))
	for name, value := range values {
		out = append(out, pgproto3.ParameterStatus{Name: name, Value: value})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// parseDuration reads a time setting as PostgreSQL does: a number of ms, or with a unit. Empty is 0.
func parseDuration(value string) (time.Duration, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, nil
	}
	if ms, err := strconv.ParseInt(value, 10, 32); err == nil && ms >= 0 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	number := strings.TrimRight(value, "minsh ")
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a duration", value)
	}
	switch unit := strings.TrimSpace(value[len(number):]); unit {
	case "ms":
		return time.Duration(n) * time.Millisecond, nil
	case "s":
		return time.Duration(n) * time.Second, nil
	case "min":
		return time.Duration(n) * time.Minute, nil
	default:
		return 0, fmt.Errorf("%q has the unknown unit %q", value, unit)
	}
}
