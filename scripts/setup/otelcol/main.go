// A collector for the tests, of OpenTelemetry's own receiver and its own reading of OTLP. What it
// takes it writes to a file, one request of OTLP in JSON a line: logs, traces, metrics.
package main

import (
	"context"
	"log"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

type config struct {
	Path string `mapstructure:"path"`
}

type fileExporter struct {
	component.StartFunc
	component.ShutdownFunc
	path string
	lock sync.Mutex
}

func (*fileExporter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (e *fileExporter) ConsumeLogs(_ context.Context, logs plog.Logs) error {
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	return e.write(text, err)
}

func (e *fileExporter) ConsumeTraces(_ context.Context, traces ptrace.Traces) error {
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	return e.write(text, err)
}

func (e *fileExporter) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(metrics)
	return e.write(text, err)
}

func (e *fileExporter) write(text []byte, err error) error {
	if err != nil {
		return err
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	file, err := os.OpenFile(e.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(text, '\n'))
	return err
}

func newLogs(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Logs, error) {
	return &fileExporter{path: c.(*config).Path}, nil
}

func newTraces(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Traces, error) {
	return &fileExporter{path: c.(*config).Path}, nil
}

func newMetrics(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Metrics, error) {
	return &fileExporter{path: c.(*config).Path}, nil
}

func factories() (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	files := exporter.NewFactory(
		component.MustNewType("file"),
		func() component.Config { return &config{} },
		exporter.WithLogs(newLogs, component.StabilityLevelDevelopment),
		exporter.WithTraces(newTraces, component.StabilityLevelDevelopment),
		exporter.WithMetrics(newMetrics, component.StabilityLevelDevelopment),
	)
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](files)
	if err != nil {
		return otelcol.Factories{}, err
	}
	return otelcol.Factories{
		Receivers: receivers,
		Exporters: exporters,
		Telemetry: otelconftelemetry.NewFactory(),
	}, nil
}

func main() {
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol", Version: "0.150.1"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
				DefaultScheme:     "file",
			},
		},
	}
	if err := otelcol.NewCommand(settings).Execute(); err != nil {
		log.Fatal(err)
	}
}
