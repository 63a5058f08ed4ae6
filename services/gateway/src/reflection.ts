import type { Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

interface ReflectionRequest {
  readonly fileContainingSymbol?: string;
}

interface ReflectionAnswer {
  readonly originalRequest?: ReflectionRequest;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
}

/** The part of a bidirectional stream that the reflection library uses. */
interface ReflectionStream {
  on(event: "data", listener: (request: ReflectionRequest) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  write(answer: ReflectionAnswer): boolean;
  end(): void;
}

type ReflectionHandler = (stream: ReflectionStream) => void;

/**
 * Adds the standard reflection service, versions v1 and v1alpha.
 *
 * The library knows the names of a file without a package only with a dot in
 * front, and clients know them only without, so names are translated on the way.
 */
export function addReflection(
  server: Pick<Server, "addService">,
  packageDefinition: PackageDefinition,
): void {
  const withoutPackage = new Set(
    Object.keys(packageDefinition).filter((name) => !name.includes(".")),
  );
  new ReflectionService(packageDefinition).addToServer({
    addService: (definition, implementation) => {
      server.addService(definition, translated(definition, implementation, withoutPackage));
    },
  });
}

function translated(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  withoutPackage: ReadonlySet<string>,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.keys(definition).map((method) => {
      const answer = implementation[method] as ReflectionHandler;
      const handler: ReflectionHandler = (stream) => {
        answer(translateStream(stream, withoutPackage));
      };
      return [method, handler as UntypedServiceImplementation[string]];
    }),
  );
}

function translateStream(
  stream: ReflectionStream,
  withoutPackage: ReadonlySet<string>,
): ReflectionStream {
  return {
    on: (event: "data" | "end", listener: (request: ReflectionRequest) => void) =>
      event === "end"
        ? stream.on(event, listener as () => void)
        : stream.on(event, (request) => {
            listener(translateRequest(request, withoutPackage));
          }),
    write: (answer) => stream.write(translateAnswer(answer)),
    end: () => {
      stream.end();
    },
  };
}

function translateRequest(
  request: ReflectionRequest,
  withoutPackage: ReadonlySet<string>,
): ReflectionRequest {
  const symbol = request.fileContainingSymbol;
  const [firstName = ""] = symbol?.split(".") ?? [];
  return withoutPackage.has(firstName)
    ? { ...request, fileContainingSymbol: `.${String(symbol)}` }
    : request;
}

function translateAnswer(answer: ReflectionAnswer): ReflectionAnswer {
  const { listServicesResponse: services } = answer;
  if (services === undefined) return answer;
  const names = services.service.map(({ name }) => ({ name: name.replace(/^\./, "") }));
  return { ...answer, listServicesResponse: { service: names } };
}
