package dev.portolan.client;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The process that scenarios run in; see clients/testing/world.py. */
final class World implements AutoCloseable {
  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();

  /** Where everything is. */
  final JsonObject places;

  World(List<String> command) throws IOException {
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line = process.inputReader(StandardCharsets.UTF_8).readLine();
    if (line == null) {
      throw new IOException("the world did not begin");
    }
    places = JsonParser.parseString(line).getAsJsonObject();
  }

  String place(String name) {
    return places.get(name).getAsString();
  }

  /** Tells it a command; its answer. */
  JsonObject tell(String command) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(place("world") + "/" + command))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(command + ": " + response.body());
    }
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close(); // which ends it
    process.onExit().join();
  }
}
