package dev.portolan.client;

/** The request is right, but not allowed here. */
public final class PolicyException extends PortolanException {
  private static final long serialVersionUID = 1;

  PolicyException(Told told) {
    super(told);
  }
}
