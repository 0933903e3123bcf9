module conclave.dev/verify/syslog

go 1.23

require github.com/leodido/go-syslog/v4 v4.6.0
