package dev.portolan.client;

/** The gateway failed, or there is no way to it. */
public final class GatewayException extends PortolanException {
  private static final long serialVersionUID = 1;

  GatewayException(Told told) {
    super(told);
  }
}
